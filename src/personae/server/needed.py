"""Whether what the service needs is installed."""

from __future__ import annotations

from importlib.util import find_spec

from personae.errors import MissingExtraError

_MODULES = ("fastapi", "uvicorn", "multipart", "sqlalchemy", "prometheus_client")


def check_extra() -> None:
    """Raise MissingExtraError, which names the extra, where something is missing."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"What the service needs ({', '.join(missing)})", "server")
