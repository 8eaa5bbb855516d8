"""One contract over every embedder: the real one, any ONNX file with a description, and the fake."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from personae.errors import EmbeddingError, InputError, SettingError, WeightsError
from personae.faces import align, fake, weights
from personae.faces.backends import make_embedder
from personae.faces.composite import CompositeEmbedder
from personae.faces.embedder import Embedder
from personae.faces.fake import FakeEmbedder
from personae.faces.onnx_embedder import SFACE, EmbedderDescription, OnnxEmbedder, embedder_for
from personae.faces.sface import SFaceEmbedder
from personae.faces.yunet import YuNetDetector
from personae.media import photos
from personae.settings import Settings
from personae.types import FloatArray, Picture, PixelArray

Make = Callable[[Settings], Embedder]
SIZES = {"sface": 128, "fake": fake.DIMENSION, "onnx": 12, "composite": 12 + fake.DIMENSION}


def tiny_network(path: Path, *, input_px: int = 112, value: float = 1.0) -> Path:
    """An ONNX embedder of 12 dimensions: each channel's mean in the four quarters of the crop, times `value`."""
    from onnx import TensorProto, helper, save

    half = input_px // 2
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[half, half], strides=[half, half]),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("Mul", ["f", "k"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, input_px, input_px])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 12])],
        [helper.make_tensor("k", TensorProto.FLOAT, [1], [value])],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def describe(path: Path, description: EmbedderDescription) -> None:
    path.with_suffix(".json").write_text(json.dumps(asdict(description)))


@pytest.fixture(params=["sface", "fake", "onnx", "composite"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(name: str, tmp_path: Path) -> Make:
    if name in ("onnx", "composite"):
        path = tiny_network(tmp_path / "tiny.onnx")
        describe(path, EmbedderDescription(name="tiny", dimension=12))
        names = str(path) if name == "onnx" else f"{path}, fake"
        return lambda settings: make_embedder(replace(settings, embedder=names))
    return {"sface": SFaceEmbedder, "fake": FakeEmbedder}[name]


def drawn(count: int) -> PixelArray:
    faces = [fake.draw_face(f"person {number}", align.CROP_PX) for number in range(count)]
    return np.stack(faces) if faces else align.NO_CROPS


def test_it_is_an_embedder_with_an_id(make: Make, name: str) -> None:
    embedder = make(Settings())
    assert isinstance(embedder, Embedder) and embedder.dimension == SIZES[name]
    parts = embedder.id.split("+")
    assert all(re.fullmatch(r"[a-z0-9_-]+:d\d+:p\d+:[0-9a-f]{12}", part) for part in parts)
    assert sum(int(part.split(":")[1][1:]) for part in parts) == SIZES[name]


@pytest.mark.parametrize("count", [0, 1, 5, 16, 17])
def test_vectors_have_unit_length(make: Make, name: str, count: int) -> None:
    vectors = make(Settings()).embed(drawn(count))
    assert vectors.shape == (count, SIZES[name]) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_batches_change_nothing(make: Make) -> None:
    crops = drawn(7)
    whole = make(Settings(batch_size=16)).embed(crops)
    for size in (1, 3, 7):
        assert np.abs(make(Settings(batch_size=size)).embed(crops) - whole).max() < 1e-4


def test_it_is_deterministic_and_leaves_the_crops_alone(make: Make) -> None:
    crops = drawn(3)
    before = crops.copy()
    embedder = make(Settings())
    assert np.array_equal(embedder.embed(crops), embedder.embed(crops)) and np.array_equal(crops, before)


def test_it_takes_views_that_are_not_contiguous(make: Make) -> None:
    crops = drawn(4)[::2, :, ::-1]
    embedder = make(Settings())
    assert np.allclose(embedder.embed(crops), embedder.embed(np.ascontiguousarray(crops)), atol=1e-6)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_plain_crops_give_vectors_too(make: Make, level: int) -> None:
    vectors = make(Settings()).embed(np.full((2, 112, 112, 3), level, np.uint8))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((112, 112, 3), np.uint8),
        np.zeros((1, 96, 96, 3), np.uint8),
        np.zeros((1, 3, 112, 112), np.uint8),
        np.zeros((1, 112, 112, 3), np.float32),
    ],
)
def test_other_shapes_and_types_are_refused(make: Make, crops: PixelArray) -> None:
    with pytest.raises(InputError, match="112, 112, 3"):
        make(Settings()).embed(crops)


def test_threads_may_share_it(make: Make) -> None:
    embedder, crops = make(Settings()), drawn(3)
    results: list[FloatArray] = []
    running = [threading.Thread(target=lambda: results.append(embedder.embed(crops))) for _ in range(6)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(results) == 6 and all(np.allclose(result, results[0], atol=1e-6) for result in results)


# SFace


def test_sface_knows_who_is_who(astronaut: Path, hopper: Path) -> None:
    detector, embedder = YuNetDetector(), SFaceEmbedder()

    def vector(picture: Picture) -> FloatArray:
        result: FloatArray = embedder.embed(align.crops(picture, detector.detect(picture)))[0]
        return result

    collins, grace = photos.load(astronaut), photos.load(hopper)
    mirrored, dim = Picture(collins.pixels[:, ::-1]), Picture(collins.pixels // 2)
    assert vector(collins) @ vector(mirrored) > 0.6 and vector(collins) @ vector(dim) > 0.8
    assert vector(collins) @ vector(grace) < 0.3


def test_the_id_of_sface_is_what_models_were_trained_with() -> None:
    # Changing it makes every existing gallery unusable: it is written into them.
    assert SFaceEmbedder().id == "sface:d128:p1:fb143eea0783"


# Any ONNX file


def test_colour_order_mean_and_scale_are_obeyed(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "a.onnx")
    crop = np.zeros((1, 112, 112, 3), np.uint8)
    crop[:] = (10, 20, 60)
    plain = EmbedderDescription(name="a", dimension=12, mean=0.0, scale=1.0)
    unit = np.array([10, 20, 60]) / np.linalg.norm([10, 20, 60]) / 2
    assert np.allclose(OnnxEmbedder(plain, path).embed(crop)[0], unit.repeat(4), atol=1e-5)
    bgr = EmbedderDescription(name="a", dimension=12, mean=0.0, scale=1.0, colour_order="BGR")
    assert np.allclose(OnnxEmbedder(bgr, path).embed(crop)[0], unit[::-1].repeat(4), atol=1e-5)
    centred = EmbedderDescription(name="a", dimension=12, mean=30.0, scale=2.0)
    shifted = np.array([-20, -10, 30]) / np.linalg.norm([-20, -10, 30]) / 2
    assert np.allclose(OnnxEmbedder(centred, path).embed(crop)[0], shifted.repeat(4), atol=1e-5)


def test_another_input_size_and_template_are_obeyed(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "a.onnx", input_px=224)
    crop = np.zeros((1, 112, 112, 3), np.uint8)
    crop[:, :56, :56] = 200  # the upper left quarter
    large = EmbedderDescription(name="a", dimension=12, mean=0.0, scale=1.0, input_px=224)
    vector = OnnxEmbedder(large, path).embed(crop)[0].reshape(3, 4)
    assert (vector[:, 0] > 0.55).all() and (vector[:, 1:] < 0.02).all()
    turned = tuple((224 - 2 * float(x), 224 - 2 * float(y)) for x, y in align.TEMPLATE_XY)
    around = EmbedderDescription(name="a", dimension=12, mean=0.0, scale=1.0, input_px=224, template_xy=turned)
    vector = OnnxEmbedder(around, path).embed(crop)[0].reshape(3, 4)
    assert (vector[:, 3] > 0.55).all() and (vector[:, :3] < 0.05).all()  # now the lower right


def test_each_colour_may_have_its_own_mean_and_scale(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "a.onnx")
    crop = np.zeros((1, 112, 112, 3), np.uint8)
    crop[:] = (10, 20, 60)
    each = EmbedderDescription(
        name="a", dimension=12, mean=(60.0, 10.0, 0.0), scale=(1.0, 2.0, 3.0), colour_order="BGR"
    )
    shifted = np.array([0, 20, 30]) / np.linalg.norm([0, 20, 30]) / 2
    assert np.allclose(OnnxEmbedder(each, path).embed(crop)[0], shifted.repeat(4), atol=1e-5)


def other_kind(path: Path, kind: str) -> Path:
    """tiny_network with its colours last, with vectors of shape (n, 12, 1, 1), or for one crop at a time."""
    import onnx
    from onnx import helper

    model = onnx.load(tiny_network(path))
    nodes, graph = model.graph.node, model.graph
    if kind == "NHWC":
        nodes.insert(0, helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]))
        nodes[1].input[0] = "t"
        for at, size in enumerate((1, 112, 112, 3)):
            graph.input[0].type.tensor_type.shape.dim[at].dim_value = size
    elif kind == "deep":
        nodes[-1].output[0] = "flat"
        graph.initializer.append(helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [2, 3]))
        nodes.append(helper.make_node("Unsqueeze", ["flat", "axes"], ["y"]))
        graph.output[0].CopyFrom(helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 12, 1, 1]))
    else:
        nodes[1].CopyFrom(helper.make_node("Reshape", ["p", "one"], ["f"]))
        graph.initializer.append(helper.make_tensor("one", onnx.TensorProto.INT64, [2], [1, 12]))
    onnx.save(model, path)
    return path


def test_other_layouts_are_obeyed(tmp_path: Path) -> None:
    plain = OnnxEmbedder(EmbedderDescription(name="a", dimension=12), tiny_network(tmp_path / "a.onnx"))
    wanted = plain.embed(drawn(3))
    last = EmbedderDescription(name="a", dimension=12, layout="NHWC")
    one = EmbedderDescription(name="a", dimension=12, max_batch=1)
    for kind, description in (("NHWC", last), ("deep", plain.description), ("one", one)):
        path = other_kind(tmp_path / f"{kind}.onnx", kind)
        assert np.allclose(OnnxEmbedder(description, path).embed(drawn(3)), wanted, atol=1e-6), kind
    for kind in ("NHWC", "one"):
        with pytest.raises(WeightsError, match=r'max_batch": 1.*input_px, layout'):
            OnnxEmbedder(plain.description, tmp_path / f"{kind}.onnx").embed(drawn(3))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_a_vector_that_is_not_finite_or_has_no_length_raises(tmp_path: Path, value: float) -> None:
    path = tiny_network(tmp_path / "a.onnx", value=value)
    with pytest.raises(EmbeddingError, match="not finite"):
        OnnxEmbedder(EmbedderDescription(name="a", dimension=12), path).embed(drawn(2))


def test_a_wrong_dimension_in_the_description_raises(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "a.onnx")
    with pytest.raises(WeightsError, match="13 dimensions"):
        OnnxEmbedder(EmbedderDescription(name="a", dimension=13), path).embed(drawn(2))


def test_an_unknown_file_needs_a_description_and_says_how(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "mine.onnx")
    with pytest.raises(WeightsError, match=r"mine\.json") as caught:
        embedder_for(path, Settings())
    example = json.loads(str(caught.value).split("like this: ")[1])
    path.with_suffix(".json").write_text(json.dumps(example | {"dimension": 12}))
    assert embedder_for(path, Settings()).embed(drawn(1)).shape == (1, 12)
    given = (
        '"dimension": 0', '"dimension": "12"', '"dimension": true', '"dimension": 3, "x": 1',
        '"dimension": 12, "mean": "0"',
        '"dimension": 12, "mean": [1, 2]', '"dimension": 12, "scale": 0', '"dimension": 12, "scale": [1, 0, 1]',
        '"dimension": 12, "mean": NaN', '"dimension": 12, "input_px": 112.5', '"dimension": 12, "layout": "HWC"',
        '"dimension": 12, "template_xy": [[1, 2]]', '"dimension": 12, "max_batch": 0', '"dimension": 12, "name": "a:b"',
        '"dimension": 12, "colour_order": ["RGB"]', '"dimension": 12, "template_xy": [[1], [1, 2]]',
    )  # fmt: skip
    for wrong in ("{", "[]", "3", '{"name": "a"}', *(f'{{"name": "a", {inner}}}' for inner in given)):
        path.with_suffix(".json").write_text(wrong)
        with pytest.raises(WeightsError, match="like this"):
            embedder_for(path, Settings())


def test_a_known_network_by_path_needs_none(tmp_path: Path) -> None:
    (tmp_path / "renamed.onnx").write_bytes(weights.find("sface").data)
    embedder = embedder_for(tmp_path / "renamed.onnx", Settings())
    assert embedder.description == SFACE and embedder.id == SFaceEmbedder().id


# Several as one


def test_the_cosine_of_a_composite_is_the_mean_of_its_parts_cosines(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "tiny.onnx")
    describe(path, EmbedderDescription(name="tiny", dimension=12))
    together = make_embedder(Settings(embedder=f"fake,{path}"))
    assert isinstance(together, CompositeEmbedder)
    crops = drawn(4)
    cosines = [part.embed(crops) @ part.embed(crops).T for part in together.parts]
    vectors = together.embed(crops)
    assert np.allclose(vectors @ vectors.T, np.mean(cosines, axis=0), atol=1e-5)
    assert together.id == f"{FakeEmbedder().id}+{embedder_for(path, Settings()).id}"
    assert set(together.describe()) >= {"1 id", "2 id", "2 path", "2 description"}


def test_a_comma_in_the_name_of_a_file_that_exists_separates_nothing(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "a,b.onnx")
    describe(path, EmbedderDescription(name="tiny", dimension=12))
    assert make_embedder(Settings(embedder=str(path))).dimension == 12


@pytest.mark.parametrize("given", ["sface,", ",", "sface,sface", "sface, ,fake"])
def test_an_embedder_missing_or_given_twice_is_an_error(given: str) -> None:
    with pytest.raises(SettingError, match="give each embedder once"):
        make_embedder(Settings(embedder=given))
    with pytest.raises(SettingError, match="no embedder called 'nothing'"):
        make_embedder(Settings(embedder="sface,nothing"))
    with pytest.raises(InputError, match="at least two"):
        CompositeEmbedder([FakeEmbedder()])
