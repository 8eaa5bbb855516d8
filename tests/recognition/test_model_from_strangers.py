"""Models that somebody else has changed, with a right checksum: refused by the name of the field, never believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from personae import archive
from personae.cli import cli
from personae.errors import DamagedFileError
from personae.project.recognizer import CharacterRecognizer
from personae.recognition import model_file, operating_point
from personae.recognition.headed import character_model
from tests.people import EMBEDDER, cast, people, sface_background
from tests.recognition.test_model_file import save

NAN, INFINITY = float("nan"), float("inf")


def forge(path: Path, place: str, value: Any) -> None:
    """Set a field of the card, or one value of an array, and write the file with a checksum that is right."""
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    if place in arrays:
        array = arrays[place].copy()
        array.flat[0] = value
        arrays[place] = array
    else:
        inner: Any = facts
        *names, last = (int(name) if name.isdigit() else name for name in place.split("."))
        for name in names:
            inner = inner[name]
        inner[last] = value
    write(path, arrays, facts)


def write(path: Path, arrays: Any, facts: Any) -> None:
    """As `archive.write`, also what that refuses to write."""
    from safetensors.numpy import save as bytes_of

    text = json.dumps(facts)
    header = {
        "schema": model_file.SCHEMA,
        "facts": text,
        "sha256": archive._checksum(arrays, text, model_file.SCHEMA),
    }
    path.write_bytes(bytes_of(dict(arrays), metadata={"personae": json.dumps(header)}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save(tmp_path / "m.personae")
    return tmp_path / "m.personae"


CARD: list[tuple[str, Any]] = [
    ("operating_point.threshold", NAN), ("operating_point.threshold", INFINITY), ("operating_point.threshold", "0.3"),
    ("operating_point.threshold", -7), ("operating_point.far", -1), ("operating_point.far", None),
    ("operating_point.fitted", 1), ("operating_point", [1]), ("far_curve", {}), ("far_curve.0", [0.1]),
    ("far_curve.0", ["a", "b"]), ("parameters.far", 0), ("parameters.far", "1"), ("parameters.max_clusters", 0),
    ("parameters.max_clusters", 1.5), ("parameters.threshold", NAN), ("parameters.strangers", 1),
    ("parameters.seed", -1), ("parameters.background_weight", -3), ("parameters.more", 1), ("parameters", []),
    ("metrics.n_characters", "2"), ("metrics.roc_auc", NAN), ("metrics.roc_auc", True), ("metrics.notes", []),
    ("metrics.more", 1), ("characters", {}), ("characters.0", 7), ("characters.0.character", "else"),
    ("characters.0.photos", 9), ("characters.0.photos", "3"), ("characters.0.prototypes", 9),
    ("characters.0.looks", "old"), ("characters.0.looks", [3]), ("classes", []), ("classes.0", 5), ("classes.0", "z"),
    ("classes.1", "c000"), ("classes.0", "\ud800"), ("classes.0", "a\0"), ("looks", {}), ("looks.0", 5),
    ("embedder", 5), ("embedder", "sface:d64:p1:0123456789ab"), ("dimension", 64), ("dimension", "128"),
    ("dimension", 10**12), ("background", 3), ("background.people", "many"), ("background.name", None), ("created", 5),
    ("personae_version", []), ("gallery_revision", 5), ("performers", [1]), ("performers", {"a": 1}),
    ("negatives", ["Nobody"]), ("negatives", 3), ("head", 3), ("head.used", "knn"), ("head.compared", {"a": "b"}),
    ("calibration", 3), ("calibration", {"shift": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), CARD)
def test_a_field_of_the_card_that_cannot_be_right_is_named(path: Path, place: str, value: Any) -> None:
    forge(path, place, value)
    with pytest.raises(DamagedFileError, match=r"m\.personae.*Train again to rebuild it") as caught:
        model_file.load(path)
    told = str(caught.value)
    if "NaN" not in told and "Infinity" not in told:  # those are no JSON at all
        assert place.split(".", maxsplit=1)[0] in told or place.rsplit(".", maxsplit=1)[-1] in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scaler_scale", 1e-320), ("scaler_scale", 0), ("scaler_scale", 1e300), ("scaler_mean", 1e200),
        ("scaler_mean", NAN), ("centres", 5), ("centres", INFINITY), ("groups", -1), ("groups", 99), ("counts", 0),
        ("counts", -5), ("photos", 0), ("photos", -1), ("size_px", -1), ("size_offset", 1e9), ("far", 2), ("far", 0),
        ("far_cosine", -1e9), ("similarity", -1e9), ("confidence", 0), ("confidence", -1),
    ],
)  # fmt: skip
def test_a_value_of_an_array_that_cannot_be_right_is_named(path: Path, name: str, value: float) -> None:
    forge(path, name, value)
    with pytest.raises(DamagedFileError, match=name):
        model_file.load(path)


@pytest.mark.parametrize("name", ["centres", "groups", "counts", "photos", "scaler_scale", "far", "confidence"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.astype(np.uint8),
        lambda a: a[:0],
        lambda a: a.reshape(1, *a.shape),
        lambda a: np.array(a.flat[0]),
        lambda a: a[:-1],
    ],
)
def test_an_array_of_another_type_or_shape_is_named(
    path: Path, name: str, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]
) -> None:
    arrays, facts = archive.read(path, schema=model_file.SCHEMA)
    write(path, arrays | {name: np.ascontiguousarray(change(arrays[name]))}, facts)
    with pytest.raises(DamagedFileError, match=r"m\.personae"):
        model_file.load(path)


SMALL: list[tuple[str, float]] = [
    ("small_sharp_odds", 0), ("small_sharp_odds", NAN), ("small_spread", 0), ("small_spread", -1),
    ("small_counts", 0), ("shares_px", 0), ("shares_evidence", NAN), ("shares_shift", 999),
    ("small_basis", 1e200), ("small_centres", INFINITY),
    ("small_covariance", NAN), ("small_small_odds", 1e9), ("small_size_mean", 1e9),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), SMALL)
def test_arrays_for_small_faces_are_checked_too(tmp_path: Path, name: str, value: float) -> None:
    X, y = cast(4, 3)
    model = character_model("prototypes", sface_background()).fit(X, y, copies=np.repeat(X[:, None], 3, axis=1))
    assert model.small_ is not None
    save(tmp_path / "m.personae", model)
    model_file.load(tmp_path / "m.personae")
    forge(tmp_path / "m.personae", name, value)
    with pytest.raises(DamagedFileError, match=r"small_|shares_"):
        model_file.load(tmp_path / "m.personae")


@pytest.mark.parametrize(
    ("head", "name", "value"),
    [
        ("knn", "rows", 5), ("knn", "groups", 7), ("knn", "steepness", NAN), ("logistic", "weights", 1e200),
        ("logistic", "bias", NAN), ("mlp", "hidden", 1e200), ("mlp", "output_bias", INFINITY),
        ("random-forest", "left", 0), ("random-forest", "threshold", NAN), ("random-forest", "roots", -1),
        ("svm", "stranger_deviation", 0), ("svm", "stranger_mean", 1e300),
    ],
)  # fmt: skip
def test_arrays_of_heads_are_checked_too(tmp_path: Path, head: str, name: str, value: float) -> None:
    pytest.importorskip("sklearn")
    model = character_model(head, sface_background()).fit(*cast(4, 3))
    save(tmp_path / "m.personae", model)
    forge(tmp_path / "m.personae", f"head.{head}.{name}", value)
    with pytest.raises(DamagedFileError, match="not a consistent model"):
        model_file.load(tmp_path / "m.personae")


def test_texts_that_are_no_unicode_and_numbers_that_are_none_are_damage(path: Path) -> None:
    content = path.read_bytes()
    assert b"c000" in content
    for old, new in ((b"c000", b'\\\\\\"\\u'), (b"0.", b"NaN")):
        forged = content.replace(old, new, 1)
        path.write_bytes(forged)
        with pytest.raises(DamagedFileError):
            model_file.load(path)


def test_commands_tell_it_in_a_sentence_and_identification_falls_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from personae.cast.gallery import Gallery
    from tests.cast.test_gallery import fill

    with Gallery.open(tmp_path / "gallery.sqlite", embedder=EMBEDDER) as gallery:
        fill(gallery, list(range(9)))
    recognizer = CharacterRecognizer(tmp_path)
    save(recognizer.model_path)
    forge(recognizer.model_path, "scaler_scale", 1e-320)
    found = recognizer.identify_embeddings(people(1, 5, seed=30)[0])
    assert all(match is None or match.method == "fallback" for match in found)
    assert "scaler_scale" in caplog.text and "Train again" in caplog.text
    result = CliRunner().invoke(cli, ["inspect", "--project", str(tmp_path)])
    assert isinstance(result.exception, DamagedFileError) and "scaler_scale" in str(result.exception)


def test_a_model_made_by_a_plain_fit_passes_every_check(tmp_path: Path) -> None:
    for number, (people_, photos) in enumerate(((1, 1), (2, 1), (30, 2))):
        path = tmp_path / f"{number}.personae"
        save(path, character_model("prototypes", sface_background()).fit(*cast(people_, photos)))
        model_file.load(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("low", "-"), ("shift", None), ("high", "1"), ("named", -1), ("named", 10**6), ("strangers", 1.5),
        ("nominal", 2), ("expected", -1), ("source", 3), ("created", None), ("embedder", 3), ("strangers", True),
    ],
)  # fmt: skip
def test_a_field_of_a_calibration_that_cannot_be_right_is_named(tmp_path: Path, name: str, value: Any) -> None:
    path = tmp_path / "calibration.json"
    operating_point.write(operating_point.measured(30, 1000, 0.01, embedder=EMBEDDER, source="test"), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(DamagedFileError, match=rf"calibration\.json.*{name}.*--undo"):
        operating_point.read(path, EMBEDDER)
    path.write_text("[" * 100_000)
    with pytest.raises(DamagedFileError, match="nested too deeply"):
        operating_point.read(path, EMBEDDER)
