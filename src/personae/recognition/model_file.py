"""The model on disk: one small archive of arrays and metadata, and the same facts beside it for people.

    cache/face_recognition_model.personae          arrays, checksummed, no pickle
    cache/face_recognition_model_metadata.json     metrics, version, date, embedder

The model is derived from the gallery and can always be rebuilt by training again.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae import archive
from personae._version import __version__
from personae.errors import DamagedFileError, StoreError
from personae.files import write_error, write_whole
from personae.outputs import Outputs
from personae.recognition.background import SMALL_ARRAYS
from personae.recognition.backgrounds import background_for
from personae.recognition.calibration import Calibration
from personae.recognition.equal_shares import EqualShares
from personae.recognition.headed import HeadedModel, HeadFacts
from personae.recognition.metrics import TrainingMetrics
from personae.recognition.model import CharacterModel
from personae.recognition.model_check import CARD, check
from personae.recognition.negatives import Negatives
from personae.recognition.prototypes import Prototypes
from personae.recognition.scaler import EmbeddingScaler
from personae.recognition.small_faces import SmallFaces, SmallPrototypes

SCHEMA = "personae/model/2"
__all__ = ["CARD", "FAR_SHOWN", "SCHEMA", "describe", "load", "metadata_path", "remove", "save"]
FAR_SHOWN = (0.001, 0.003, 0.01, 0.03, 0.1)


def metadata_path(model: Path) -> Path:
    """Where the JSON beside a model file lies."""
    return model.with_name(f"{model.stem}_metadata.json")


def describe(model: CharacterModel, *, embedder: str, gallery_revision: str) -> dict[str, Any]:
    """The model's card: everything about it but its arrays, as plain values."""
    background = model.background_
    counts = np.bincount(model.prototypes_.groups)
    looks: list[list[str]] = [[] for _ in counts]
    for look, number in zip(model.looks_, model.prototypes_.groups, strict=True):
        if look is not None and look not in looks[number]:
            looks[number].append(look)
    return {
        "personae_version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "embedder": embedder,
        "dimension": int(model.n_features_in_),
        "background": {"name": background.name, "people": background.people},
        "gallery_revision": gallery_revision,
        "operating_point": {
            "far": float(model.far if model.threshold is None else model.calibration_.far_at(model.threshold_)),
            "threshold": float(model.threshold_),
            "fitted": model.threshold is None,
        },
        "far_curve": [[far, round(model.calibration_.threshold(far), 4)] for far in FAR_SHOWN],
        "head": head_facts(model),
        "parameters": {name: value for name, value in model.get_params().items() if name != "background"},
        "metrics": model.metrics_.as_dict(),
        "characters": [
            {
                "character": str(name),
                "photos": int(photos),
                "prototypes": int(counts[number]),
                "looks": looks[number],
            }
            for number, (name, photos) in enumerate(zip(model.classes_, model.photos_, strict=True))
        ],
    }


def head_facts(model: CharacterModel) -> dict[str, Any]:
    """Which heads decide, as it stands in the card."""
    facts = model.head_facts_ if isinstance(model, HeadedModel) else HeadFacts("prototypes", ("prototypes",), {}, 0)
    return {"text": str(facts), **asdict(facts), "used": list(facts.used)}


def save(model: CharacterModel, card: dict[str, Any], path: Path) -> None:
    """Write the archive and the JSON beside it, each whole; refuses to replace a file that is not ours."""
    calibration, prototypes = model.calibration_, model.prototypes_
    arrays: dict[str, NDArray[Any]] = {
        "scaler_mean": model.scaler_.mean_,
        "scaler_scale": model.scaler_.scale_,
        "size_px": model.scaler_.size_px_,
        "size_offset": model.scaler_.size_offset_,
        "centres": prototypes.centres.astype(np.float32),
        "groups": prototypes.groups,
        "counts": prototypes.counts,
        "photos": model.photos_,
        "far": calibration.far,
        "far_cosine": calibration.cosine,
        "similarity": calibration.similarity,
        "confidence": calibration.confidence,
    }
    if model.small_ is not None:
        small = model.small_
        arrays |= {"small_centres": small.centres, "small_counts": small.counts}
        arrays |= {"small_size_mean": small.statistics.size_mean}
        arrays |= {f"shares_{name}": getattr(calibration.shares, name) for name in ("px", "evidence", "shift")}
        arrays |= {f"small_{name}": getattr(small.statistics, name) for name in SMALL_ARRAYS}
    if isinstance(model, HeadedModel):
        arrays |= model.head_arrays()
    metadata = card | {
        "classes": [str(name) for name in model.classes_],
        "looks": model.looks_,
        "performers": model.performers_,
    }
    if model.negatives_.names:
        arrays["negatives"] = model.negatives_.vectors
        metadata["negatives"] = list(model.negatives_.names)
    Outputs(None).check(metadata_path(path), kind="model", like=SCHEMA.rpartition("/")[0])
    archive.write(path, arrays, metadata, schema=SCHEMA)
    text = json.dumps({"schema": SCHEMA, **card}, ensure_ascii=False, indent=2) + "\n"
    write_whole(metadata_path(path), text.encode(), private=True)


def remove(path: Path) -> None:
    """Delete a model of ours with the JSON beside it: nobody is left to name. A file that is not ours stays."""
    try:
        archive.read(path, schema=SCHEMA)
    except DamagedFileError:
        pass
    except StoreError:
        return
    try:
        for each in (path, metadata_path(path)):
            each.unlink(missing_ok=True)
    except OSError as error:
        raise write_error(path, error) from error


def load(path: Path) -> tuple[CharacterModel, dict[str, Any]]:
    """The model and its card; raises a StoreError that says what to do when the file cannot be used."""
    arrays, metadata = archive.read(path, schema=SCHEMA)
    try:
        check(arrays, metadata)
        model = _assemble(arrays, metadata)
    # The last three: of a head that comes from a plug-in.
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedFileError(path, f"not a consistent model ({error}). Train again to rebuild it.") from None
    card = {key: value for key, value in metadata.items() if key not in ("classes", "looks", "negatives", "performers")}
    return model, card


def _assemble(arrays: dict[str, NDArray[Any]], metadata: dict[str, Any]) -> CharacterModel:
    """A model from what was checked."""
    parameters, dimension = metadata["parameters"], metadata["dimension"]
    background = background_for(metadata["embedder"], dimension)
    model = (HeadedModel if "head" in parameters else CharacterModel)(**parameters, background=background)
    model.background_ = background
    rejected = metadata.get("negatives", [])
    vectors = arrays["negatives"] if rejected else Negatives.none(dimension).vectors
    model.negatives_ = Negatives(vectors, tuple(rejected))
    model.n_features_in_ = dimension
    model.classes_ = np.array(metadata["classes"])
    model.scaler_ = EmbeddingScaler(model.background_weight)
    model.scaler_.mean_, model.scaler_.scale_ = arrays["scaler_mean"], arrays["scaler_scale"]
    model.scaler_.size_px_, model.scaler_.size_offset_ = arrays["size_px"], arrays["size_offset"]
    model.looks_ = metadata["looks"]
    model.photos_ = arrays["photos"]
    model.performers_ = dict(metadata.get("performers", {}))
    model.prototypes_ = Prototypes(arrays["centres"], arrays["groups"], arrays["counts"])
    model.small_, shares = _small(arrays)
    model.calibration_ = Calibration(
        arrays["far"], arrays["far_cosine"], arrays["similarity"], arrays["confidence"], shares
    )
    model.threshold_ = float(metadata["operating_point"]["threshold"])
    model.metrics_ = TrainingMetrics(**metadata["metrics"])
    if isinstance(model, HeadedModel):
        facts = metadata["head"]
        model.restore_heads(
            arrays, HeadFacts(model.head, tuple(facts["used"]), dict(facts["compared"]), facts["photos"])
        )
    return model


def _small(arrays: dict[str, NDArray[Any]]) -> tuple[SmallPrototypes | None, EqualShares]:
    """Prototypes for small faces and the scale of their evidence, where the model has them."""
    if "small_centres" not in arrays:
        return None, EqualShares.constant(0.0)
    statistics = SmallFaces(
        arrays["size_px"], arrays["small_size_mean"], **{name: arrays[f"small_{name}"] for name in SMALL_ARRAYS}
    )
    if "small_shift" in arrays:  # models of version 1
        shares = EqualShares.constant(float(arrays["small_shift"][0]))
    else:
        shares = EqualShares(arrays["shares_px"], arrays["shares_evidence"], arrays["shares_shift"])
    return SmallPrototypes(statistics, arrays["small_centres"], arrays["small_counts"]), shares
