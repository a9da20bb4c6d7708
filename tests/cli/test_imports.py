"""A command imports what it needs and no more: the libraries of the server alone take longer than most commands."""

import json
import subprocess
import sys

import pytest

from app.cli.main import COMMANDS

FRAMEWORK = {"fastapi", "starlette"}
OTHERS = {"aiosmtplib", "alembic", "css_inline", "email_validator", "httpx2", "jinja2", "jwt", "PIL", "uvicorn"}
"""Libraries that some commands need, and most do not."""
ACCOUNTS = {"email_validator", "jwt"}
NEEDED = {
    "create-admin": ACCOUNTS,
    "demote": ACCOUNTS,
    "import": {"css_inline", "jinja2"},  # the mails to those who wait for a book
    "outbox": {"css_inline", "jinja2"},
    "promote": ACCOUNTS,
    "seed": {"css_inline", "jinja2"},
}
ASK = """
import json, sys
from app.cli.main import Commands
assert Commands().get_command(None, sys.argv[1]).name == sys.argv[1]
print(json.dumps([name for name in sys.modules if "." not in name]))
"""


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"serve"}))
def test_a_command_imports_no_library_it_does_without(command: str):
    asked = subprocess.run([sys.executable, "-c", ASK, command], capture_output=True, text=True, check=True)
    imported = set(json.loads(asked.stdout))
    assert "typer" in imported
    assert imported & FRAMEWORK == set()
    assert imported & OTHERS <= NEEDED.get(command, set())
