"""Prometheus metrics. No label holds personal data: routes are templates, never addresses that were asked for."""

import os
from collections.abc import Mapping
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("bookstore_requests", "Requests by route template and status", ["method", "route", "status"])
DURATION = Histogram("bookstore_request_duration_seconds", "Time to answer by route template", ["method", "route"])
CHECKOUTS = Counter("bookstore_checkouts", "Checkouts by outcome: confirmed, or the code of the refusal", ["outcome"])
POOL_OPEN = Gauge("bookstore_pool_connections_open", "Open connections", multiprocess_mode="livesum")
POOL_USED = Gauge("bookstore_pool_connections_in_use", "Connections in use", multiprocess_mode="livesum")

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"})


def observe_request(scope: Mapping[str, Any], status: int, seconds: float) -> None:
    """Count one answer under the template of the route that gave it."""
    route = getattr(scope.get("route"), "path", "unmatched")
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    REQUESTS.labels(method, route, str(status)).inc()
    DURATION.labels(method, route).observe(seconds)


def exposition() -> bytes:
    """All metrics as Prometheus text; those of every worker where the server set up their shared folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
