"""Running the HTTP server: the port, the greeting, the worker processes."""

import gc
import logging
import os
import resource
import shutil
import signal
import socket
from pathlib import Path

import uvicorn
from rich.console import Console

from app.cli.demo import DemoSignIn
from app.core.config import Settings
from app.core.db.engine import most_connections
from app.core.errors import OperatorError
from app.core.http_limits import Limits
from app.core.http_protocol import bounded

GRACE_SECONDS = 15
OTHER_FILES = 200
"""What a server process may have open beside its clients and its database: libraries, images, logs."""

log = logging.getLogger(__name__)


class CannotServe(OperatorError):
    """The server cannot start."""


def check_port(host: str, port: int) -> None:
    """Raise CannotServe when nobody could listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise CannotServe(
            f"Port {port} on {host} cannot be used ({(error.strerror or str(error)).lower()}): "
            "stop what is using it, or choose another with --port."
        ) from error


def announce(
    console: Console, host: str, port: int, sign_ins: list[DemoSignIn] | None, *, with_docs: bool = True
) -> None:
    """Print where the shop is and, for a demo, who may sign in."""
    shown = "localhost" if host in {"127.0.0.1", "::1", "0.0.0.0", "::"} else host  # noqa: S104 - only compared
    address = f"http://{shown}:{port}"
    api = f"API documentation  {address}/docs" if with_docs else f"API document  {address}/openapi.json"
    console.print(f"\n[bold]Bookstore[/bold]  {address}\n  {api}")
    for sign_in in sign_ins or []:
        console.print(f"  {sign_in.role:<17} {sign_in.email}  {sign_in.password}", markup=False)
    console.print("  Stop with Ctrl-C.\n")


def run(settings: Settings, host: str, port: int, workers: int, *, with_worker: bool) -> None:
    """Serve until told to stop; requests under way are finished first, and the mail under way."""
    factory = "app.main:create_app_with_worker" if with_worker else "app.main:create_app"
    serve(factory, settings, host, port, workers)


def serve(factory: str, settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve what `factory` ("module:function") makes."""
    if workers > 1:
        _share_metrics(settings.data / "metrics")
    else:
        gc.disable()  # until the application is imported and serves: all of it stays
    try:
        uvicorn.run(
            factory,
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_level="warning",
            access_log=False,
            log_config=None,  # what it has to say goes to our log
            server_header=False,
            proxy_headers=False,
            http=bounded(Limits.of(settings, _room_for(settings))),
            ws="none",
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    except SystemExit as leaving:
        # When all is finished, a server that has no supervisor raises SIGTERM once more. It did as it was told.
        if leaving.code != 128 + signal.SIGTERM:
            raise


def _room_for(settings: Settings) -> int:
    """How many clients one process can have: as the settings say, or as many as the system lets it open files."""
    others = most_connections(settings, 1) + OTHER_FILES
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + others
    allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), most))
    room = max(1, allowed - others)
    if room < settings.max_connections:
        log.warning("only %d connections a process instead of %d: raise ulimit -n", room, settings.max_connections)
    return room


def _share_metrics(folder: Path) -> None:
    """Workers add up their metrics through files of this run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
