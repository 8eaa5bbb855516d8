"""The detector protocol, version 1: a picture goes in, faces come out.

Implementations stand beside this file and come in by the entry point group `personae.detectors`: a callable
`make(settings: Settings) -> Detector`. `tests/faces/test_detector_contract.py` runs over all of them.
"""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from personae.types import Faces, Picture


@runtime_checkable
class Detector(Protocol):
    """Finds faces. Safe to call from several threads."""

    @property
    def id(self) -> str:
        """Contract id: name, version of the preprocessing, first 12 hex digits of the weights' sha256."""
        ...

    def detect(self, picture: Picture) -> Faces:
        """All faces in `picture`, best score first; boxes and landmarks in its pixels. No face is `Faces.empty()`."""
        ...

    def for_films(self) -> Self:
        """The detector as films want it: each face is seen many times, so it may spend less on each. May be itself."""
        ...
