"""The server itself: whether it is there, and which version it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from personae._version import __version__
from personae.server.asking import By

router = APIRouter(tags=["server"])


@router.get("/health")
def get_health() -> dict[str, Any]:
    """That somebody is there. Needs no key."""
    return {"ok": True}


@router.get("/version")
def get_version(caller: By) -> dict[str, Any]:
    """Which Personae this is."""
    return {"version": __version__}
