"""What Prometheus may read: how much is asked, how long it takes, how the jobs stand. No label comes from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from personae._version import __version__

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Standing(Protocol):
    """What is asked when it is read: jobs by (kind, state), events told, streams open, helpers started again."""

    def jobs(self) -> dict[tuple[str, str], int]:
        """How many there are."""
        ...

    def numbers(self) -> dict[str, float]:
        """Name -> number of now."""
        ...


class Metrics:
    """The numbers of one server, in a registry of its own."""

    def __init__(self, standing: Standing) -> None:
        self._registry = CollectorRegistry()
        self._began, self._standing = time.time(), standing
        self._requests = Counter(
            "personae_requests", "Requests answered.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "personae_request_seconds", "How long they took.", ("operation",), buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._registry.register(self)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count one request; `operation`: its id, "" for an address that is none."""
        self._requests.labels(operation or "none", str(status)).inc()
        self._seconds.labels(operation or "none").observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """For prometheus_client: what is only known by looking."""
        version = GaugeMetricFamily("personae_version", "Which Personae this is.", labels=("version",))
        version.add_metric((__version__,), 1)
        yield version
        yield GaugeMetricFamily("personae_uptime_seconds", "Since the server began.", time.time() - self._began)
        jobs = GaugeMetricFamily("personae_jobs", "Jobs in the table.", labels=("kind", "state"))
        for (kind, state), count in sorted(self._standing.jobs().items()):
            jobs.add_metric((kind, state), count)
        yield jobs
        for name, value in self._standing.numbers().items():
            yield GaugeMetricFamily(f"personae_{name}", name.replace("_", " ").capitalize() + ".", value)
