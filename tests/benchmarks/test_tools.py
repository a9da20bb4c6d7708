"""What the load generator and the profiler say, and what is told when they are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.db.server import PROJECT
from benchmarks import profiling, wrk
from benchmarks.wrk import CannotMeasure

SAID = """Running 1s test @ http://127.0.0.1:1
  2 threads and 16 connections
Requests/sec:    160.13

RESULT {"seconds": 1.0, "cycles": 12, "broken": %d, "answers": {"201": 36}}
"""
STACKS = """process 7:"python -m benchmarks.hello";run (asyncio/runners.py:1);add (app/cart/service.py:2) 6
process 7:"python -m benchmarks.hello";run (asyncio/runners.py:1);run (asyncio/runners.py:1) 1
process 7:"python -m benchmarks.hello" 5
process 7:"python -m benchmarks.hello";run (asyncio/runners.py:1);add (app/cart/service.py:2);all (sqlalchemy/orm.py:3) 3
process 7:"python -m benchmarks.hello";_worker (concurrent/futures/thread.py:69) 4
"""


def test_the_result_is_found_in_what_wrk_prints():
    assert wrk.parse(SAID % 0) == {"seconds": 1.0, "cycles": 12, "broken": 0, "answers": {"201": 36}}


def test_broken_connections_are_no_measurement():
    with pytest.raises(CannotMeasure, match="2 connections broke"):
        wrk.parse(SAID % 2)


def test_a_run_without_a_result_tells_what_wrk_said():
    with pytest.raises(CannotMeasure, match="unable to connect"):
        wrk.parse("", "unable to connect to 127.0.0.1:1 Connection refused")


def tool(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def test_without_wrk_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(CannotMeasure, match="apt-get install wrk"):
        wrk.require_wrk()


@pytest.mark.parametrize("user", [0, 1000])
def test_wrk_is_installed_for_root_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int):
    asked = tmp_path / "asked"
    tool(tmp_path, "apt-get", f'echo "$@" > {asked}; : > {tmp_path}/wrk; /bin/chmod +x {tmp_path}/wrk')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if user:
        with pytest.raises(CannotMeasure, match="apt-get install wrk"):
            wrk.require_wrk()
        assert not asked.exists()
    else:
        wrk.require_wrk()
        assert asked.read_text().split()[0] == "install"
        assert asked.read_text().split()[-1] == "wrk"


def test_a_profile_counts_own_time_and_time_on_the_stack():
    found = profiling.parse(STACKS)
    assert found.samples == 10
    assert found.own.most_common(1) == [("add (app/cart/service.py:2)", 6)]
    assert found.whole["add (app/cart/service.py:2)"] == 9
    assert found.whole["run (asyncio/runners.py:1)"] == 10
    assert found.by_library() == {"app/cart": 6, "sqlalchemy": 3, "asyncio": 1}


def test_a_part_that_does_not_exist_is_refused_with_those_that_do():
    words = [sys.executable, "-m", "benchmarks", "--quick", "selling"]
    ran = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "there is no selling: choose from start, import, checkout, bestseller, reading" in ran.stderr
