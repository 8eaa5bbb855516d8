"""The server itself: whether it is there, and which version it is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from personae._version import __version__
from personae.server.asking import By
from personae.server.metrics import CONTENT_TYPE, Metrics

router = APIRouter(tags=["server"])


class Health(BaseModel):
    """Somebody is there."""

    ok: bool


class Version(BaseModel):
    """Which Personae this is."""

    version: str


@router.get("/health")
def get_health() -> Health:
    """That somebody is there. Needs no key."""
    return Health(ok=True)


@router.get("/version")
def get_version(caller: By) -> Version:
    """Which Personae this is."""
    return Version(version=__version__)


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request, caller: By) -> Response:
    """Numbers for Prometheus: requests, jobs, events."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE)
