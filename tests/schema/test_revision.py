"""Which revision a release needs, and that nothing is migrated where there is nothing to do."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.db import migrating, server

WITHOUT_ALEMBIC = """
import sys
import app.cli, app.main
from app.core.db.server import migrate
migrate(sys.argv[1])
sys.exit("alembic was imported" if "alembic" in sys.modules else 0)
"""


def test_the_newest_revision_is_that_of_alembic():
    script = ScriptDirectory.from_config(Config(server.PROJECT / "alembic.ini"))
    assert server.newest_revision() == script.get_current_head()


def test_a_shop_with_the_newest_schema_starts_without_alembic(template_url: str):
    """Seen to fail when the imports of the migrations stood at the top of the module."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_ALEMBIC, template_url], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_another_revision_is_gone_to(template_url: str, monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(migrating, "upgrade", lambda *call: asked.append(call))
    server.migrate(template_url)
    server.migrate(template_url, "a1c0e5d7f901")
    monkeypatch.setattr(server, "newest_revision", lambda: "0123456789ab")
    server.migrate(template_url)
    assert [revision for _, revision in asked] == ["a1c0e5d7f901", "head"]
