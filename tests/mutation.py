"""`make mutation`: does a test notice when the code that sells is changed? Its configuration is in pyproject.toml.

All mutants meet one PostgreSQL that is migrated once. The table and the mutants that no test noticed are printed and
written to `mutants/summary.md`; `.venv/bin/mutmut show NAME` shows a mutant. `--again` keeps what was killed, and tests
the rest and all functions that were changed since.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from app.core.db.server import migrate
from app.core.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
MUTMUT = Path(sys.executable).parent / "mutmut"
CHILDREN = "2"
KILLED = frozenset({"killed", "timeout"})

Verdicts = Mapping[str, str]


def main(*, again: bool) -> int:
    """Run, print and write the summary; the exit code of mutmut."""
    if not again:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    doubtful = [name for name, verdict in verdicts().items() if verdict != "killed"] if again else []
    with TemporaryDirectory() as data:
        postgres = EmbeddedPostgres(Path(data), durable=False)
        with postgres.running() as template:
            migrate(template)
            urls = {"TEST_DATABASE_URL": postgres.url("postgres"), "TEST_TEMPLATE_URL": template}
            command: list[str | Path] = [MUTMUT, "run", "--max-children", CHILDREN]
            for names in [doubtful, []] if doubtful else [[]]:
                ended = subprocess.run([*command, *names], cwd=ROOT, env=os.environ | urls, check=False)
    report = summary(verdicts())
    (MUTANTS / "summary.md").write_text(report, encoding="utf-8")
    Console().print(report, markup=False, highlight=False, soft_wrap=True)
    return ended.returncode


def verdicts() -> Verdicts:
    """What became of each mutant, by its name."""
    lines = subprocess.run([MUTMUT, "results", "--all", "true"], cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(line.strip().split(": ", 1) for line in lines.stdout.splitlines() if ": " in line)


def summary(verdicts: Verdicts) -> str:
    """The table by module, and the names of those that live."""
    modules: dict[str, Counter[bool]] = defaultdict(Counter)
    for name, verdict in verdicts.items():
        modules[name.rpartition(".")[0]][verdict in KILLED] += 1
    rows = [_row(f"`{module}`", counted) for module, counted in sorted(modules.items())]
    everything = sum(modules.values(), start=Counter())
    head = ["| Module | Mutants | Killed | Survived | Share |", "|---|---|---|---|---|"]
    living = [f"- `{name}`: {verdict}" for name, verdict in sorted(verdicts.items()) if verdict not in KILLED]
    return "\n".join([*head, *rows, _row("all", everything), "", *living, ""])


def _row(name: str, counted: Counter[bool]) -> str:
    share = f"{counted[True] / counted.total():.1%}" if counted else ""
    return f"| {name} | {counted.total()} | {counted[True]} | {counted[False]} | {share} |"


if __name__ == "__main__":
    sys.exit(main(again="--again" in sys.argv))
