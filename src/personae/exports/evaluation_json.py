"""The native format of `evaluate`: JSON, schema `personae/evaluation/1`.

The schema is `schemas/evaluation-1.schema.json` in the package. Whoever reads a file accepts fields it does not know.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

from personae._version import __version__
from personae.assessment.evaluation import Bin, CharacterResult, Evaluation, FaceFacts, Verdict
from personae.assessment.intervals import Share
from personae.assessment.validation import EvaluationReport
from personae.names import readable

SCHEMA = "personae/evaluation/1"


def evaluation_dict(report: EvaluationReport) -> dict[str, Any]:
    """The document as plain values."""
    evaluation = report.evaluation
    return {
        "schema": SCHEMA,
        "personae_version": __version__,
        "created": report.created,
        "cast": _optional_text(report.cast),
        "unknown": _optional_text(report.unknown),
        "embedder": report.embedder,
        "operating_point": {"far": evaluation.far, "threshold": _rounded(evaluation.threshold)},
        "folds": evaluation.folds,
        "photos": evaluation.photos,
        "tested": evaluation.tested,
        "pictures": evaluation.pictures,
        **_overall(evaluation),
        "characters": [_character(item) for item in evaluation.characters],
        "rates": [
            {
                "far": rate.far,
                "dir": None if rate.dir is None else _share(rate.dir),
                "threshold": _rounded(rate.threshold),
            }
            for rate in evaluation.rates
        ],
        "threshold_curve": [
            {
                "threshold": _rounded(point.threshold),
                "right": _rounded(point.right),
                "wrong": _rounded(point.wrong),
                "unknown": _rounded(point.unknown),
                "far": _rounded(point.far),
            }
            for point in evaluation.curve
        ],
        "roc": [[_rounded(far), _rounded(dir_)] for far, dir_ in evaluation.roc],
        "calibration": {
            "error": _rounded(evaluation.calibration.error),
            "bins": [_bin(item) for item in evaluation.calibration.bins],
        },
        "worst": [_verdict(item) for item in evaluation.worst],
        "advice": [
            {
                "kind": item.kind,
                "text": _text(item.text),
                "characters": list(item.characters),
                "photos": [_text(path) for path in item.photos],
            }
            for item in report.advice
        ],
        "notes": [_text(note) for note in report.notes],
    }


def without_folders(document: dict[str, Any]) -> dict[str, Any]:
    """The document for who has no business with where files lie: each file and folder by its own name."""
    folders = [folder for folder in (document["cast"], document["unknown"]) if folder]

    def plain(text: str) -> str:
        for folder in folders:
            text = text.replace(f"{folder}/", "").replace(folder, PurePath(folder).name)
        return text

    return {
        **document,
        **{key: document[key] and PurePath(document[key]).name for key in ("cast", "unknown")},
        "worst": [{**item, "path": PurePath(item["path"]).name} for item in document["worst"]],
        "advice": [
            {**item, "text": plain(item["text"]), "photos": [PurePath(path).name for path in item["photos"]]}
            for item in document["advice"]
        ],
        "notes": [plain(note) for note in document["notes"]],
    }


def evaluation_json(report: EvaluationReport) -> str:
    """The document as text."""
    return json.dumps(evaluation_dict(report), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _overall(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "rank1": _share(evaluation.rank1),
        "right": _share(evaluation.right),
        "wrong": _share(evaluation.wrong),
        "unknown_share": _share(evaluation.unknown),
        "strangers": [
            {"source": item.source, "faces": item.faces, "far": _share(item.far)} for item in evaluation.strangers
        ],
    }


def _character(item: CharacterResult) -> dict[str, Any]:
    return {
        "character": item.character,
        "photos": item.photos,
        "pictures": item.pictures,
        "tested": item.tested,
        "recall": _share(item.recall),
        "precision": _share(item.precision),
        "unknown_share": _share(item.unknown),
        "confusions": [{"character": other, "photos": count} for other, count in item.confusions],
        "alike": [{"character": other, "photos": count} for other, count in item.alike],
    }


def _verdict(item: Verdict) -> dict[str, Any]:
    return {
        **_face(item.face),
        "kind": item.kind,
        "nearest": item.best,
        "similarity": _rounded(item.similarity),
        "confidence": _rounded(item.confidence),
        "margin": _rounded(item.margin),
        "runner_up": item.runner_up,
        "runner_up_similarity": _rounded(item.runner_up_similarity),
    }


def _face(face: FaceFacts) -> dict[str, Any]:
    return {
        "path": _text(face.path),
        "character": face.character,
        "box": [round(value, 1) for value in face.box_xyxy],
        "face_px": round(face.face_px, 1),
        "yaw": round(face.yaw, 3),
    }


def _bin(item: Bin) -> dict[str, Any]:
    return {
        "confidence": _rounded(item.confidence),
        "right": _rounded(item.right),
        "faces": item.faces,
        "weight": _rounded(item.weight),
    }


def _share(item: Share) -> dict[str, Any]:
    return {
        "count": item.count,
        "total": item.total,
        "value": _rounded(item.value),
        "low": _rounded(item.low),
        "high": _rounded(item.high),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(text: str) -> str:
    """A file name need not be valid Unicode; JSON must be."""
    return readable(text)


def _optional_text(text: str | None) -> str | None:
    return None if text is None else _text(text)
