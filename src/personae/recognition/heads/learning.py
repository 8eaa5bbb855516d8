"""scikit-learn as heads use it: an optional extra, its warnings about slow convergence in the log."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from personae.errors import MissingExtraError

log = logging.getLogger(__name__)


def require_scikit_learn() -> None:
    """Raise MissingExtraError unless scikit-learn is installed; imports nothing."""
    if importlib.util.find_spec("sklearn") is None:
        raise MissingExtraError("scikit-learn", "sklearn")


@contextmanager
def learning() -> Iterator[None]:
    """Around a scikit-learn fit: its absence is our error; what it warns of goes to the log."""
    require_scikit_learn()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        log.info("scikit-learn: %s", str(warning.message).splitlines()[0])
