"""The same rows as plain SQL: pgbench with the scripts of `sql/`."""

import math
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.core.db.server import libpq_url
from app.core.embedded import program
from benchmarks.wrk import CONNECTIONS, THREADS, CannotMeasure

SQL = Path(__file__).parent / "sql"
RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
ANY_BOOK = "\\set book 1 + (:book + random(0, :books - 2)) % :books\n"


@dataclass(frozen=True, slots=True)
class Cycle:
    """So many different books of `1..books` into the basket of one of `1..readers`, then checkout.

    `html` and `text` are the bodies of a confirmation mail, sent along each time as the shop does.
    """

    adds: int
    books: int
    readers: int
    html: str
    text: str

    def script(self) -> str:
        """No two clients take the same reader."""
        add = (SQL / "add.sql").read_text()
        reader = "\\set user 1 + :client_id + :clients * random(0, :readers / :clients - 1)\n"
        adds = ["\\set book random(1, :books)\n", add, *[ANY_BOOK, add] * (self.adds - 1)]
        return "".join([reader, *adds, (SQL / "checkout.sql").read_text()])

    def definitions(self, clients: int) -> list[str]:
        """As options of pgbench."""
        values = {
            "books": self.books,
            "readers": self.readers,
            "clients": clients,
            "html": self.html,
            "text": self.text,
        }
        return [word for name, value in values.items() for word in ("-D", f"{name}={value}")]


@dataclass(frozen=True, slots=True)
class Ran:
    """Cycles a second, and how long one took at the median and at the 99th percentile."""

    per_second: float
    p50_ms: float
    p99_ms: float


def run(url: str, cycle: Cycle, *bound: str, clients: int = CONNECTIONS, threads: int = THREADS) -> Ran:
    """Run the cycle on the database; `bound` is `-T seconds` or `-t cycles of each client`."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "cycle.sql"
        script.write_text(cycle.script())
        how = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(threads), "-f", str(script), *bound]
        each = ["--log", "--log-prefix", str(Path(folder) / "log")]
        command = [str(program("pgbench")), *how, *each, *cycle.definitions(clients)]
        place = libpq_url(url).render_as_string(hide_password=False)
        ran = subprocess.run([*command, place], capture_output=True, text=True, check=False)
        logs = "".join(log.read_text() for log in Path(folder).glob("log.*"))
    took = [int(line.split()[2]) / 1e3 for line in logs.splitlines()]
    rate, failed = RATE.search(ran.stdout), FAILED.search(ran.stdout)
    if ran.returncode != 0 or rate is None or failed is None or int(failed[1]) or not took:
        raise CannotMeasure(f"pgbench did not end well: {ran.stderr.strip()[-500:]}")
    return Ran(float(rate[1]), percentile(took, 0.5), percentile(took, 0.99))


def percentile(values: list[float], share: float) -> float:
    """The smallest value that is not below that share of all."""
    return sorted(values)[math.ceil(len(values) * share) - 1]
