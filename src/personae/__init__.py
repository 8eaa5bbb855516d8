"""Personae names the characters in photos and films.

    from personae import CharacterRecognizer, FaceAnalyzer

Importing this package reads no file, opens no network and loads nothing heavy; each name below is imported when it is
first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personae._version import __version__

if TYPE_CHECKING:
    from personae.errors import PersonaeError
    from personae.faces.analyzer import FaceAnalyzer
    from personae.progress import Cancelled, Progress
    from personae.project.async_session import AsyncProject
    from personae.project.recognizer import CharacterRecognizer
    from personae.project.session import Project
    from personae.recognition.model import CharacterModel
    from personae.settings import Settings
    from personae.types import AnalyzedFaces, Candidate, Faces, Match, Picture, Quality, Reason

_HOMES = {
    "AnalyzedFaces": "personae.types",
    "AsyncProject": "personae.project.async_session",
    "Cancelled": "personae.progress",
    "Candidate": "personae.types",
    "CharacterModel": "personae.recognition.model",
    "CharacterRecognizer": "personae.project.recognizer",
    "FaceAnalyzer": "personae.faces.analyzer",
    "Faces": "personae.types",
    "Match": "personae.types",
    "PersonaeError": "personae.errors",
    "Picture": "personae.types",
    "Progress": "personae.progress",
    "Project": "personae.project.session",
    "Quality": "personae.types",
    "Reason": "personae.types",
    "Settings": "personae.settings",
}

__all__ = [
    "AnalyzedFaces",
    "AsyncProject",
    "Cancelled",
    "Candidate",
    "CharacterModel",
    "CharacterRecognizer",
    "FaceAnalyzer",
    "Faces",
    "Match",
    "PersonaeError",
    "Picture",
    "Progress",
    "Project",
    "Quality",
    "Reason",
    "Settings",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'personae' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
