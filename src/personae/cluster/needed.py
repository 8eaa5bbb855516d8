"""Whether what the extra `cluster` stands for is installed."""

from __future__ import annotations

from importlib.util import find_spec

from personae.errors import MissingExtraError


def check_extra() -> None:
    """Raise MissingExtraError where it is not."""
    if find_spec("sqlalchemy") is None:
        raise MissingExtraError("What works with other machines", "cluster")
