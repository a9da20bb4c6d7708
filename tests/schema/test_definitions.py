"""The SQL that is to be read is that of the database."""

import shutil
from pathlib import Path

import asyncpg

from app.core.db.server import driver_url
from tests.schema.definitions import DOCUMENT, FOLDER, HEAD, read, stored, unsaid, with_tables, write

SAY = "run `make sql` and commit what it writes"


async def test_the_files_are_the_functions_and_triggers_of_a_migrated_database(database_url: str, project: Path):
    """Seen to fail with a word changed in a file, with a file missing, and with one too many."""
    found = await read(driver_url(database_url))
    assert len(found.files) > 30
    files = stored(project)
    assert sorted(files) == sorted(found.files), SAY
    assert [str(path) for path, text in found.files.items() if files[path] != text] == [], SAY


async def test_the_document_lists_them_and_says_what_each_is_for(database_url: str, project: Path):
    """Seen to fail with a row missing, with another event in one, and with an empty last column."""
    found = await read(driver_url(database_url))
    document = (project / DOCUMENT).read_text()
    assert document == with_tables(document, found), SAY
    assert unsaid(document, found) == []


async def test_what_changes_in_the_database_is_written(
    raw: asyncpg.Connection, database_url: str, project: Path, tmp_path: Path
):
    shutil.copytree(project / FOLDER, tmp_path / FOLDER)
    (tmp_path / DOCUMENT).parent.mkdir()
    shutil.copy(project / DOCUMENT, tmp_path / DOCUMENT)
    await raw.execute("""
        CREATE FUNCTION bookstore_new() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RETURN NULL;
            END
        $$;
        CREATE CONSTRAINT TRIGGER genres_new AFTER INSERT OR UPDATE OF name ON genres DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION bookstore_new();
        DROP TRIGGER audit_events_append_only ON audit_events;
        DROP FUNCTION bookstore_refuse_audit_change();
    """)
    found = await read(driver_url(database_url))
    write(found, tmp_path)
    changed = stored(tmp_path)
    functions, triggers = FOLDER / "functions", FOLDER / "triggers"
    assert changed[functions / "bookstore_new.sql"] == (
        f"{HEAD}CREATE OR REPLACE FUNCTION public.bookstore_new()\n RETURNS trigger\n LANGUAGE plpgsql\n"
        "AS $function$\nBEGIN\n    RETURN NULL;\nEND\n$function$;\n"
    )
    assert "\n    FOR EACH ROW\n    EXECUTE FUNCTION bookstore_new();\n" in changed[triggers / "genres.sql"]
    gone = {functions / "bookstore_refuse_audit_change.sql", triggers / "audit_events.sql"}
    assert gone <= stored(project).keys() - changed.keys()
    document = (tmp_path / DOCUMENT).read_text()
    assert "| `genres` | `bookstore_new` | AFTER INSERT, UPDATE OF name (row, at COMMIT) |  |\n" in document
    assert "audit_events" not in document
    assert unsaid(document, found) == ["`genres` | `bookstore_new`"]
    assert "| `books` | `bookstore_touch` | BEFORE UPDATE (row) | `updated_at`. |\n" in document


async def test_the_files_can_be_run_as_they_stand(raw: asyncpg.Connection, project: Path):
    """Each function replaces itself by the same, and none is made beside it."""
    before = await raw.fetch("SELECT oid, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'bookstore%'")
    for path, text in stored(project).items():
        if path.parent.name == "functions":
            await raw.execute(text)
    assert len(before) > 20
    after = await raw.fetch("SELECT oid, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'bookstore%'")
    assert {oid for oid, _ in after} == {oid for oid, _ in before}
