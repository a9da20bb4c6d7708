"""How much memory the embedded server takes."""

from pathlib import Path

import pytest

from app.core.embedded import memory

GB = 2**30


@pytest.mark.parametrize(
    ("machine", "container", "megabytes"),
    [
        (24 * GB, None, 1024),
        (2 * GB, None, 512),
        (GB // 4, None, 128),
        (24 * GB, "max", 1024),
        (24 * GB, "9223372036854771712", 1024),
        (24 * GB, "1073741824\n", 256),
        (24 * GB, "nonsense", 1024),
    ],
)
def test_a_quarter_of_what_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: int, container: str | None, megabytes: int
):
    limit = tmp_path / "memory.max"
    if container is not None:
        limit.write_text(container)
    monkeypatch.setattr(memory, "LIMITS", (limit, tmp_path / "none"))
    monkeypatch.setattr(memory, "_of_the_machine", lambda: machine)
    assert memory.shared_buffers_mb() == megabytes
