"""Personae names the characters in photos and films.

    from personae import Project

Importing this package reads no file, opens no network and loads nothing heavy; each name below is imported when it is
first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from personae._version import __version__

if TYPE_CHECKING:
    from personae.assessment.assessment import Assessment
    from personae.assessment.recalibration import CalibrationReport
    from personae.assessment.tuning import TuningReport
    from personae.assessment.validation import EvaluationReport
    from personae.cast.cast import Cast
    from personae.cast.editor import EditReport
    from personae.cast.gallery_records import Edit, PhotoRecord
    from personae.cast.trained import ModelCard
    from personae.cast.trainer import TrainingReport
    from personae.errors import PersonaeError
    from personae.exports.evaluation_html import evaluation_html
    from personae.exports.evaluation_json import evaluation_dict
    from personae.exports.registry import exporters
    from personae.faces.analyzer import FaceAnalyzer
    from personae.films import say
    from personae.films.decidable import Decided
    from personae.films.decision_maker import NEW_UNKNOWN
    from personae.films.face_folders import FaceFolders, FoldersWritten, Foreseen
    from personae.films.films import FilmOutcome
    from personae.films.kept_photos import KeptFace, KeptPhoto
    from personae.films.people import People
    from personae.films.photo_set import PhotoSet
    from personae.films.photo_sets import PhotoSets
    from personae.films.unknown_person import UnknownPerson
    from personae.media.left_out import LeftOut
    from personae.media.photos import find as find_photos
    from personae.media.photos import load as load_photo
    from personae.progress import Cancelled, Progress
    from personae.project.archiving import Archived
    from personae.project.async_session import AsyncProject
    from personae.project.exporting import Written
    from personae.project.film import ProjectFilm as Film
    from personae.project.film import ProjectFilms as Films
    from personae.project.forgetting import ForgetReport
    from personae.project.recognizer import CharacterRecognizer
    from personae.project.session import Project
    from personae.recognition.backgrounds import background_for
    from personae.recognition.headed import HeadedModel
    from personae.recognition.identification import IdentifiedPicture, Identity
    from personae.recognition.model import CharacterModel
    from personae.settings import Settings
    from personae.timeline.decisions import Decision
    from personae.timeline.native import read as read_timeline
    from personae.timeline.presence import co_presence, stretches
    from personae.timeline.scale import seconds_by_scale
    from personae.timeline.selection import Wanted
    from personae.timeline.selection import select as select_spans
    from personae.timeline.timeline import Appearance, Timeline
    from personae.types import AnalyzedFaces, Candidate, Faces, Match, Picture, Quality, Reason

# Public name -> its module, and its name there where that is another one; nothing after the colon: the module itself.
_HOMES = {
    "AnalyzedFaces": "personae.types",
    "Appearance": "personae.timeline.timeline",
    "Archived": "personae.project.archiving",
    "Assessment": "personae.assessment.assessment",
    "AsyncProject": "personae.project.async_session",
    "CalibrationReport": "personae.assessment.recalibration",
    "Cancelled": "personae.progress",
    "Candidate": "personae.types",
    "Cast": "personae.cast.cast",
    "CharacterModel": "personae.recognition.model",
    "CharacterRecognizer": "personae.project.recognizer",
    "Decided": "personae.films.decidable",
    "Decision": "personae.timeline.decisions",
    "Edit": "personae.cast.gallery_records",
    "EditReport": "personae.cast.editor",
    "EvaluationReport": "personae.assessment.validation",
    "FaceAnalyzer": "personae.faces.analyzer",
    "FaceFolders": "personae.films.face_folders",
    "Faces": "personae.types",
    "Film": "personae.project.film:ProjectFilm",
    "FilmOutcome": "personae.films.films",
    "Films": "personae.project.film:ProjectFilms",
    "FoldersWritten": "personae.films.face_folders",
    "Foreseen": "personae.films.face_folders",
    "ForgetReport": "personae.project.forgetting",
    "HeadedModel": "personae.recognition.headed",
    "IdentifiedPicture": "personae.recognition.identification",
    "Identity": "personae.recognition.identification",
    "KeptFace": "personae.films.kept_photos",
    "KeptPhoto": "personae.films.kept_photos",
    "LeftOut": "personae.media.left_out",
    "Match": "personae.types",
    "ModelCard": "personae.cast.trained",
    "NEW_UNKNOWN": "personae.films.decision_maker",
    "PersonaeError": "personae.errors",
    "PhotoRecord": "personae.cast.gallery_records",
    "People": "personae.films.people",
    "PhotoSet": "personae.films.photo_set",
    "PhotoSets": "personae.films.photo_sets",
    "Picture": "personae.types",
    "Progress": "personae.progress",
    "Project": "personae.project.session",
    "Quality": "personae.types",
    "Reason": "personae.types",
    "Settings": "personae.settings",
    "Timeline": "personae.timeline.timeline",
    "TrainingReport": "personae.cast.trainer",
    "TuningReport": "personae.assessment.tuning",
    "UnknownPerson": "personae.films.unknown_person",
    "Wanted": "personae.timeline.selection",
    "Written": "personae.project.exporting",
    "background_for": "personae.recognition.backgrounds",
    "co_presence": "personae.timeline.presence",
    "evaluation_dict": "personae.exports.evaluation_json",
    "evaluation_html": "personae.exports.evaluation_html",
    "exporters": "personae.exports.registry",
    "find_photos": "personae.media.photos:find",
    "load_photo": "personae.media.photos:load",
    "read_timeline": "personae.timeline.native:read",
    "say": "personae.films.say:",
    "seconds_by_scale": "personae.timeline.scale",
    "select_spans": "personae.timeline.selection:select",
    "stretches": "personae.timeline.presence",
}

__all__ = [
    "NEW_UNKNOWN",
    "AnalyzedFaces",
    "Appearance",
    "Archived",
    "Assessment",
    "AsyncProject",
    "CalibrationReport",
    "Cancelled",
    "Candidate",
    "Cast",
    "CharacterModel",
    "CharacterRecognizer",
    "Decided",
    "Decision",
    "Edit",
    "EditReport",
    "EvaluationReport",
    "FaceAnalyzer",
    "FaceFolders",
    "Faces",
    "Film",
    "FilmOutcome",
    "Films",
    "FoldersWritten",
    "Foreseen",
    "ForgetReport",
    "HeadedModel",
    "IdentifiedPicture",
    "Identity",
    "KeptFace",
    "KeptPhoto",
    "LeftOut",
    "Match",
    "ModelCard",
    "People",
    "PersonaeError",
    "PhotoRecord",
    "PhotoSet",
    "PhotoSets",
    "Picture",
    "Progress",
    "Project",
    "Quality",
    "Reason",
    "Settings",
    "Timeline",
    "TrainingReport",
    "TuningReport",
    "UnknownPerson",
    "Wanted",
    "Written",
    "__version__",
    "background_for",
    "co_presence",
    "evaluation_dict",
    "evaluation_html",
    "exporters",
    "find_photos",
    "load_photo",
    "read_timeline",
    "say",
    "seconds_by_scale",
    "select_spans",
    "stretches",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'personae' has no attribute {name!r}")
    home, colon, own = _HOMES[name].partition(":")
    module = import_module(home)
    value = module if colon and not own else getattr(module, own or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
