"""The server itself: whether it is there, and which version it is."""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from personae import settings
from personae._version import __version__
from personae.server.asking import By, Served
from personae.server.metrics import CONTENT_TYPE, Metrics
from personae.settings import resolve

router = APIRouter(tags=["server"])


class Health(BaseModel):
    """Somebody is there."""

    ok: bool


class Version(BaseModel):
    """Which Personae this is."""

    version: str


class SettingRow(BaseModel):
    """A setting. `source`: where its value stands: PERSONAE_... in the server's environment, the project's
    settings.toml, or nowhere else than in the program.
    """

    name: str
    value: bool | int | float | str | None
    source: settings.Source
    help: str
    unit: str


class SettingsAnswer(BaseModel):
    """Every setting."""

    settings: list[SettingRow]


@router.get("/health")
def get_health() -> Health:
    """That somebody is there. Needs no key."""
    return Health(ok=True)


@router.get("/version")
def get_version(caller: By) -> Version:
    """Which Personae this is."""
    return Version(version=__version__)


@router.get("/settings")
def get_settings(service: Served, caller: By) -> SettingsAnswer:
    """The settings that new work is done with, and where each stands; limits of the service count from its start."""
    folder = service.project.folder
    values, sources = resolve(project=folder), settings.sources(project=folder)
    return SettingsAnswer(
        settings=[
            SettingRow(
                name=one.name, value=_shown(getattr(values, one.name)), source=sources[one.name], help=one.help,
                unit=one.unit,
            )
            for one in settings.TABLE
        ]
    )  # fmt: skip


def _shown(value: bool | int | float | str | None) -> bool | int | float | str | None:
    """A value; of networks that are files their names alone."""
    return ",".join(PurePath(one).name for one in value.split(",")) if isinstance(value, str) else value


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request, caller: By) -> Response:
    """Numbers for Prometheus: requests, jobs, events."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE)
