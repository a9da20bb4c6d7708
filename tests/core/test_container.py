"""What an application holds is named and typed, and all of it is there once it is composed."""

import gc
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

import app.main  # noqa: F401 - with it all parts are declared
from app.cli import entry
from app.core.config import Settings
from app.core.db.transaction import DATABASE
from app.core.parts import SETTINGS, Part
from app.main import create_app
from app.orders.best_sellers import BEST_SELLERS, BestSellers


def declared() -> set[Part[Any]]:
    """Every part that a room of the shop names."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("app.")]
    return {found for module in modules for found in vars(module).values() if isinstance(found, Part)}


def test_a_new_application_holds_every_part_but_the_database(settings: Settings):
    """Seen to fail with a line of `furnish` taken out."""
    made = create_app(settings)
    parts = declared()
    assert len(parts) > 9
    assert len({part.name for part in parts}) == len(parts)
    assert all(part.of(made) is not None for part in parts - {DATABASE})
    with pytest.raises(AttributeError, match="database"):
        DATABASE.of(made)


def test_a_request_finds_the_parts_of_its_application(settings: Settings):
    one, other = create_app(settings), create_app(settings.model_copy(update={"currency": "EUR"}))
    for held, currency in ((one, "USD"), (other, "EUR")):
        request = Request({"type": "http", "app": held, "headers": []})
        assert SETTINGS.of(request).currency == SETTINGS.of(held).currency == currency


def test_a_part_can_be_replaced(settings: Settings):
    made = create_app(settings)
    BEST_SELLERS.put(made, own := BestSellers())
    assert BEST_SELLERS.of(made) is own


def test_nothing_else_reads_the_state_of_an_application(project: Path):
    """What is read there has no type."""
    files = [file for file in (project / "app").rglob("*.py") if file.name != "parts.py"]
    assert len(files) > 300
    assert [file.name for file in files if re.search(r"\bapp\.state\b|\"app\"\]\.state\b", file.read_text())] == []


def test_a_part_that_is_not_there_is_told_by_name():
    with pytest.raises(AttributeError, match="settings"):
        SETTINGS.of(FastAPI())


async def test_a_server_that_is_up_collects_garbage(settings: Settings, database_url: str):
    """`bookstore serve` does not while it starts."""
    made = create_app(settings.model_copy(update={"database_url": database_url}))
    gc.disable()
    try:
        async with made.router.lifespan_context(made):
            assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_nor_is_a_command_left_without(monkeypatch: pytest.MonkeyPatch):
    found: list[bool] = []
    monkeypatch.setattr("app.cli.main.main", lambda: found.append(gc.isenabled()))
    entry.main()
    assert found == [True]
