"""A second embedder from end to end: an ONNX file nobody knows and its description, alone and beside SFace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks.openset import data, run
from personae.cli import cli
from personae.faces import align, preparation, weights
from personae.faces.onnx_embedder import embedder_for
from personae.faces.sface import SFaceEmbedder
from personae.faces.yunet import YuNetDetector
from personae.media import photos
from personae.recognition.background import Background
from personae.recognition.backgrounds import background_for
from personae.recognition.composite_background import join
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import unit
from personae.settings import Settings
from tests.people import people, sface_background

INPUT_PX, SHIFT_PX, DIMENSION = 160, 6, 96


@pytest.fixture(scope="module")
def projection() -> np.ndarray[Any, np.dtype[np.float32]]:
    """(128, 96) with orthonormal columns."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(128, DIMENSION)))[0].astype(np.float32)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, projection: Any) -> Path:
    """SFace as another network would be: 160 px, BGR from -1 to 1, landmarks 6 px farther right, 96 dimensions."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    path = tmp_path_factory.mktemp("network") / "other.onnx"
    model = onnx.load_model_from_string(preparation.prepared(weights.find("sface"), "embedder").model)
    graph = model.graph
    was_input, was_output = graph.input[0].name, graph.output[0].name
    constants: dict[str, Any] = {
        "o_half": np.array(127.5, np.float32),
        "o_rgb": np.array([2, 1, 0], np.int64),
        "o_start": np.array([SHIFT_PX], np.int64),
        "o_end": np.array([INPUT_PX], np.int64),
        "o_axis": np.array([3], np.int64),
        "o_pads": np.array([0, 0, 0, 0, 0, 0, 0, SHIFT_PX], np.int64),
        "o_scales": np.array([1, 1, 112 / INPUT_PX, 112 / INPUT_PX], np.float32),
        "o_weights": projection,
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    before = [
        helper.make_node("Mul", ["bgr", "o_half"], ["o1"]),
        helper.make_node("Add", ["o1", "o_half"], ["o2"]),
        helper.make_node("Gather", ["o2", "o_rgb"], ["o3"], axis=1),
        helper.make_node("Slice", ["o3", "o_start", "o_end", "o_axis"], ["o4"]),
        helper.make_node("Pad", ["o4", "o_pads"], ["o5"]),
        helper.make_node("Resize", ["o5", "", "o_scales"], [was_input], mode="linear"),
    ]
    nodes = [*before, *graph.node, helper.make_node("MatMul", [was_output, "o_weights"], ["vector"])]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("bgr", TensorProto.FLOAT, [1, 3, INPUT_PX, INPUT_PX]))
    graph.output.append(helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, DIMENSION]))
    onnx.save(model, path)
    template = align.TEMPLATE_XY * (INPUT_PX / align.CROP_PX) + np.array([SHIFT_PX, 0])
    description = {
        "name": "other", "dimension": DIMENSION, "input_px": INPUT_PX, "colour_order": "BGR", "mean": [127.5] * 3,
        "scale": 1 / 127.5, "template_xy": template.round(4).tolist(),
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(description))
    return path


@pytest.fixture
def cast(tmp_path: Path, astronaut: Path, hopper: Path) -> Path:
    """Three photos of each of two women, two of them changed."""
    for name, photo in (("Collins", astronaut), ("Hopper", hopper)):
        (tmp_path / "cast" / name).mkdir(parents=True)
        with Image.open(photo) as picture:
            rgb = picture.convert("RGB")
        rgb.save(tmp_path / "cast" / name / "1.png")
        rgb.point(lambda level: level // 2).save(tmp_path / "cast" / name / "2.png")
        rgb.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "cast" / name / "3.png")
    return tmp_path / "cast"


@pytest.fixture
def personae(tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
        return done.output + str(done.exception or "")

    return run


def test_the_description_is_obeyed(other: Path, projection: Any, astronaut: Path) -> None:
    picture = photos.load(astronaut)
    crops = align.crops(picture, YuNetDetector().detect(picture))
    wanted = unit(SFaceEmbedder().embed(crops) @ projection)
    assert (embedder_for(other, Settings()).embed(crops) * wanted).sum() > 0.97  # resampled twice on the way


@pytest.mark.parametrize("beside", ["", "sface,"])
def test_train_and_identify_on_the_command_line(
    other: Path, cast: Path, tmp_path: Path, personae: Callable[..., str], astronaut: Path, beside: str
) -> None:
    project, embedder = tmp_path / "project", f"{beside}{other}"
    trained = personae("train", cast, "--project", project, "--embedder", embedder, "--head", "knn")
    assert "Collins" in trained
    shown = personae("inspect", "--project", project)
    assert (
        "knn" in shown
        and "other:d96:p1:" in shown
        and "never measured" in shown
        and ("sface:d128:p1:" in shown) == bool(beside)
    )
    with Image.open(astronaut) as picture:
        picture.convert("RGB").rotate(7).save(tmp_path / "who.jpg")
    found = tmp_path / "found.json"
    personae("identify", tmp_path / "who.jpg", "--project", project, "--embedder", embedder, "--json", found)
    document = json.loads(found.read_text())
    (face,) = document["pictures"][0]["faces"]
    assert face["character"] == "Collins" and face["method"] == "model" and face["similarity"] > 0.6
    assert document["model"]["head"] == "knn" and "other:d96" in document["model"]["embedder"]
    # Another embedder, or the same two the other way round, is another space: refused, naming both.
    swapped = f"{other},sface" if beside else "sface"
    refused = personae("identify", tmp_path / "who.jpg", "--project", project, "--embedder", swapped, code=1)
    assert "other:d96" in refused and "sface:d128" in refused


def test_a_stranger_to_the_cast_stays_unknown_for_both_embedders(
    other: Path, cast: Path, tmp_path: Path, personae: Callable[..., str], hopper: Path
) -> None:
    for photo in (cast / "Hopper").iterdir():
        photo.unlink()
    (cast / "Hopper").rmdir()
    for embedder in (str(other), f"sface,{other}"):
        project = tmp_path / embedder.replace("/", "_")
        personae("train", cast, "--project", project, "--embedder", embedder)
        said = personae("identify", hopper, "--project", project, "--embedder", embedder)
        assert "0 named, 1 unknown" in said


# The background of several


def test_a_background_of_two_is_the_background_of_their_vectors_side_by_side() -> None:
    one = sface_background()
    both = join([one, one])
    assert both.dimension == 256 and both.people == one.people
    vectors = np.concatenate([people(400, 1, seed=1)[:, 0], people(400, 1, seed=2)[:, 0]], axis=1) / np.sqrt(2)
    assert np.trace(both.covariance) + both.mean @ both.mean == pytest.approx(
        np.trace(one.covariance) + one.mean @ one.mean
    )
    np.testing.assert_allclose(vectors.mean(axis=0), both.mean, atol=0.02)
    np.testing.assert_allclose(np.diag(np.cov(vectors.T)), np.diag(both.covariance), rtol=0.4)
    # Strangers' cosines rise and fall together: half the independent variance comes back.
    np.testing.assert_allclose(both.real(np.array([0.2])), one.real(np.array([0.2 * np.sqrt(2)])), atol=1e-3)
    assert (np.linalg.eigvalsh(both.covariance) > -1e-9).all()
    np.testing.assert_allclose(both.genuine(np.array([3])), one.genuine(np.array([3])), atol=1e-3)


def test_the_background_of_a_composite_is_found_by_its_id() -> None:
    sface, other = "sface:d128:p1:fb143eea0783", "other:d96:p1:0123456789ab"
    found = background_for(f"{sface}+{other}", 224)
    assert found.people == 0 and "isotropic" in found.name and "Labeled Faces" in found.name
    np.testing.assert_allclose(found.mean, np.r_[sface_background().mean, np.zeros(96)] / np.sqrt(2))
    np.testing.assert_allclose(found.covariance[128:, 128:], np.eye(96) / 192)
    assert not found.covariance[:128, 128:].any() and (np.diff(found.size_px) > 0).all()
    for strange in (f"{sface}+{other}", f"{sface}+thing", "a+b"):
        assert background_for(strange, 200).name == Background.isotropic(200).name


@pytest.mark.shared
def test_strangers_get_a_name_about_as_often_as_asked_with_embedders_nobody_has_measured(
    shared_data: Path, projection: Any
) -> None:
    """Real strangers; the second embedder sees what the first sees, which is the worst case for two."""
    path = shared_data / "lfw_dev_sface.npz"
    cast, strangers = data.load(path, (data.CAST,)), data.load(path, (data.STRANGERS,))
    views: dict[str, Callable[[Any], Any]] = {
        "other:d96:p1:0": lambda X: unit(X @ projection),
        "uncentred:d128:p1:0": lambda X: X,
        f"{data.EMBEDDER}+other:d96:p1:0": lambda X: np.hstack([X, unit(X @ projection)]) / np.sqrt(2),
    }
    draws = run.draw_casts(cast, 5, 3, 12)
    for name, view in views.items():
        named, right = [], []
        for draw in draws:
            X = view(cast.embeddings["clean"][draw.cast].reshape(-1, 128))
            model = CharacterModel(background=background_for(name, X.shape[1])).fit(X, np.repeat(np.arange(5), 3))
            named.append(model.decide(view(strangers.embeddings["clean"])).named.mean())
            found = model.decide(view(cast.embeddings["clean"][draw.probes]))
            right.append((found.named & (found.characters[:, 0] == draw.truth)).mean())
        assert 0.004 < np.mean(named) < 0.022 and np.mean(right) > 0.99, name


def test_two_embedders_that_agree_bear_noise_better_than_one() -> None:
    faces, noise = people(30, 6, seed=3), np.random.default_rng(4)

    def seen(scale: float) -> Any:
        return unit(faces + noise.normal(0, scale, faces.shape))

    views = [seen(0.15), seen(0.15)]
    single = CharacterModel(background=sface_background()).fit(
        views[0][:, :2].reshape(-1, 128), np.repeat(range(30), 2)
    )
    together = np.concatenate(views, axis=2) / np.sqrt(2)
    double = CharacterModel(background=join([sface_background()] * 2))
    double.fit(together[:, :2].reshape(-1, 256), np.repeat(range(30), 2))
    truth = np.repeat(range(30), 4)
    alone = (single.predict(views[0][:, 2:].reshape(-1, 128)) == truth).mean()
    both = (double.predict(together[:, 2:].reshape(-1, 256)) == truth).mean()
    assert both > alone + 0.1
