"""What pyproject.toml cannot say: the wheel carries the migrations, which lie beside the package in a checkout."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithMigrations(build_py):
    """Copies `alembic/` to `app/migrations/`, where `app.core.db.server` looks first."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            inside = Path(self.build_lib, "app", "migrations")
            shutil.rmtree(inside, ignore_errors=True)
            shutil.copytree("alembic", inside, ignore=shutil.ignore_patterns("__pycache__"))


setup(cmdclass={"build_py": BuildWithMigrations})
