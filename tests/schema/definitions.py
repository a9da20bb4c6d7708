"""Functions and triggers of a migrated database, as the files of `app/core/db/sql` and the table of docs/triggers.md.

`make sql` migrates a scratch database and writes them; `test_definitions.py` compares them.
"""

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import asyncpg

from app.core.db.server import driver_url, migrate
from app.core.embedded import EmbeddedPostgres

PROJECT = Path(__file__).resolve().parents[2]
FOLDER, DOCUMENT = Path("app/core/db/sql"), Path("docs/triggers.md")
HEAD = "-- As the migrations leave it. Changed by a migration, then written by `make sql`.\n\n"
TRIGGERS = "| Table | Function | After or before | What for |\n|---|---|---|---|\n"
CALLED = "| Function | What for |\n|---|---|\n"
_OURS = """
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
"""
_FUNCTIONS = f"""
    SELECT p.proname AS name, pg_get_functiondef(p.oid) AS text
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') {_OURS}
    ORDER BY p.proname, pg_get_function_identity_arguments(p.oid)
"""
_TRIGGERS = """
    SELECT t.tgrelid::regclass::text AS table, t.tgname AS name, p.proname AS function,
        pg_get_triggerdef(t.oid, true) AS text
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgparentid = 0
    ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a table."""

    table: str
    name: str
    function: str
    text: str

    @property
    def moment(self) -> tuple[str, str, str]:
        """Before or after, which events, and whether for each row or once a statement, or at COMMIT."""
        found = re.search(r"TRIGGER \w+ (BEFORE|AFTER|INSTEAD OF) (.*?) ON ", self.text)
        assert found
        how = "row" if "FOR EACH ROW" in self.text else "statement"
        return (
            found[1],
            found[2].replace(" OR ", ", "),
            f"{how}{', at COMMIT' if 'INITIALLY DEFERRED' in self.text else ''}",
        )


@dataclass(frozen=True, slots=True)
class Definitions:
    """The texts of the files by their paths in the project, the triggers, and the functions that are no trigger's."""

    files: dict[Path, str]
    triggers: list[Trigger]
    called: list[str]

    def rows(self) -> tuple[list[list[str]], list[list[str]]]:
        """The rows of both tables of the document, without the last column."""
        moments: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
        for one in self.triggers:
            when, event, how = one.moment
            moments.setdefault((one.table, one.function), {}).setdefault((when, how), []).append(event)
        triggers = [[f"`{table}`", f"`{name}`", _told(told)] for (table, name), told in moments.items()]
        return triggers, [[f"`{name}`"] for name in self.called]


def _told(moments: dict[tuple[str, str], list[str]]) -> str:
    return "; ".join(f"{when} {', '.join(events)} ({how})" for (when, how), events in moments.items())


async def read(url: str) -> Definitions:
    """All functions and triggers of the shop in that database; those of extensions are not ours."""
    connection = await asyncpg.connect(url)
    try:
        functions = await connection.fetch(_FUNCTIONS)
        triggers = [Trigger(*row.values()) for row in await connection.fetch(_TRIGGERS)]
    finally:
        await connection.close()
    texts: dict[Path, list[str]] = {}
    for row in functions:
        texts.setdefault(FOLDER / "functions" / f"{row['name']}.sql", []).append(_function(row["text"]))
    for trigger in triggers:
        texts.setdefault(FOLDER / "triggers" / f"{trigger.table}.sql", []).append(_trigger(trigger.text))
    files = {path: HEAD + "\n".join(found) for path, found in texts.items()}
    of_triggers = {trigger.function for trigger in triggers}
    return Definitions(files, triggers, sorted({row["name"] for row in functions} - of_triggers))


def _function(text: str) -> str:
    """As it would be written: the body without the indent of the migration that it stands in."""
    head, mark, body = text.partition("AS $function$")
    body, _, _ = body.rpartition("$function$")
    inner = dedent(body.strip("\n")).rstrip() if "\n" in body else body
    lines = f"{head}{mark}\n{inner}\n$function$;\n" if "\n" in body else f"{head}{mark}{inner}$function$;\n"
    return "\n".join(line.rstrip() for line in lines.split("\n"))


def _trigger(text: str) -> str:
    return re.sub(r" (?=REFERENCING |FOR EACH |WHEN \(|EXECUTE )", "\n    ", text) + ";\n"


def purposes(document: str) -> dict[str, str]:
    """What the document says each row is for, by the names that the row begins with."""
    lines = [line.split("|")[1:-1] for line in document.splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line] for line in lines]
    return {_what(row[:-1]): row[-1] for row in rows}


def with_tables(document: str, found: Definitions) -> str:
    """The document with both tables as they should be; what a row is for is written by hand, and kept."""
    said = purposes(document)
    for head, rows in zip((TRIGGERS, CALLED), found.rows(), strict=True):
        before, _, rest = document.partition(head)
        lines = "".join(f"| {' | '.join(row)} | {said.get(_what(row), '')} |\n" for row in rows)
        document = before + head + lines + re.sub(r"\A(?:\|.*\n)*", "", rest)
    return document


def unsaid(document: str, found: Definitions) -> list[str]:
    """The rows that the document says nothing of."""
    said = purposes(document)
    return [what for rows in found.rows() for row in rows if not said.get(what := _what(row))]


def _what(row: list[str]) -> str:
    return " | ".join(row[:2])


def stored(project: Path) -> dict[Path, str]:
    """What stands in the files."""
    return {path.relative_to(project): path.read_text() for path in sorted((project / FOLDER).rglob("*.sql"))}


def write(found: Definitions, project: Path) -> None:
    """Bring files and table up to date; files of what is gone go."""
    for path in stored(project).keys() - found.files.keys():
        (project / path).unlink()
    for path, text in found.files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    document = project / DOCUMENT
    document.write_text(with_tables(document.read_text(), found))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False).running() as url:
        migrate(url)
        found = asyncio.run(read(driver_url(url)))
    write(found, PROJECT)
    print(f"{len(found.files)} files in {FOLDER}, {len(found.triggers)} triggers in {DOCUMENT}")  # noqa: T201
    for what in unsaid((PROJECT / DOCUMENT).read_text(), found):
        print(f"Say in {DOCUMENT} what this is for: {what}")  # noqa: T201


if __name__ == "__main__":
    main()
