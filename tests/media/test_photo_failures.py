"""Whatever a library raises inside one photo is that photo's failure, and memory that runs out is a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae import CharacterRecognizer
from personae.cli import cli
from personae.errors import CastError, EmbeddingError, PhotoError, WeightsError, is_out_of_memory
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_face, draw_picture
from personae.faces.runtime import Session
from personae.settings import Settings
from personae.types import AnalyzedFaces, Faces, FloatArray, Picture, PixelArray
from tests.assessing import calibrate_project, evaluate_folder

BAD_WIDTH = 333
"""A picture of this width is one that the libraries fail at."""


def opencv_without_memory() -> None:
    cv2.resize(np.zeros((8, 8), np.uint8), (1 << 30, 1 << 30))


def opencv_confused() -> None:
    cv2.cvtColor(np.zeros((8, 8), np.uint8), cv2.COLOR_RGB2GRAY)


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


FAILURES: dict[str, tuple[Callable[[], None], str]] = {
    "OpenCV, memory": (opencv_without_memory, "not enough memory"),
    "OpenCV": (opencv_confused, "could not be looked at"),
    "numpy, memory": (lambda: np.zeros(1 << 62, np.uint8).fill(0), "not enough memory"),
    "onnxruntime": (raising(RuntimeError("[ONNXRuntimeError] : 6 : non-zero status")), "non-zero status"),
    "onnxruntime, memory": (
        raising(RuntimeError("[ONNXRuntimeError] : 6 : Failed to allocate memory for requested buffer of size 9")),
        "not enough memory",
    ),
    "a plug-in": (raising(KeyError("boxes")), "boxes"),
    "no number": (raising(EmbeddingError("gave a vector that is not finite")), "not finite"),
}


class FailingDetector(FakeDetector):
    def __init__(self, fail: Callable[[], None]) -> None:
        super().__init__()
        self.fail = fail

    def detect(self, picture: Picture) -> Faces:
        if picture.size_wh[0] == BAD_WIDTH:
            self.fail()
        return super().detect(picture)


class FailingEmbedder(FakeEmbedder):
    """Fails at every batch with the face of "Broken"."""

    def __init__(self, fail: Callable[[], None]) -> None:
        super().__init__()
        self.fail = fail
        self.broken = super().embed(draw_face("Broken", 112)[None])[0]

    def embed(self, crops: PixelArray) -> FloatArray:
        vectors = super().embed(crops)
        if (vectors @ self.broken > 0.6).any():
            self.fail()
        return vectors


def draw(path: Path, person: str, take: int = 0) -> Path:
    width = BAD_WIDTH if person == "Broken" else 200
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(person, 96)], take=take, size_wh=(width, 140)).pixels).save(path)
    return path


@pytest.fixture(params=[(kind, where) for kind in FAILURES for where in ("detector", "embedder")], ids="-".join)
def failing(request: pytest.FixtureRequest) -> tuple[FaceAnalyzer, str]:
    kind, where = request.param
    fail, reason = FAILURES[kind]
    detector = FailingDetector(fail) if where == "detector" else FakeDetector()
    embedder = FailingEmbedder(fail) if where == "embedder" else FakeEmbedder()
    return FaceAnalyzer(Settings(), detector=detector, embedder=embedder), reason


def test_the_photos_around_it_are_analyzed(tmp_path: Path, failing: tuple[FaceAnalyzer, str]) -> None:
    analyzer, reason = failing
    people = ["Thor", "Broken", "Loki", "Hela", "Broken", "Thor"]
    paths = [draw(tmp_path / f"{i}.png", person) for i, person in enumerate(people)]
    found = dict(analyzer.analyze_many(paths))
    assert list(found) == paths
    for path, person in zip(paths, people, strict=True):
        one = found[path]
        if person == "Broken":
            assert isinstance(one, PhotoError) and reason in one.reason and one.path == str(path)
            with pytest.raises(PhotoError, match=reason):
                analyzer.analyze(path)
        else:
            assert isinstance(one, AnalyzedFaces) and len(one) == 1
            assert np.allclose(one.embeddings, analyzer.analyze(path).embeddings, atol=1e-5)


@pytest.mark.parametrize("failing", [("OpenCV, memory", "detector"), ("onnxruntime", "embedder")], indirect=True)
def test_every_command_goes_on_with_the_next_photo(tmp_path: Path, failing: tuple[FaceAnalyzer, str]) -> None:
    analyzer, reason = failing
    for person in ("Thor", "Loki"):
        for take in (1, 2, 3):
            draw(tmp_path / "cast" / person / f"{take}.png", person, take)
    draw(tmp_path / "cast" / "Thor" / "2b.png", "Broken")
    for i, person in enumerate(("Odin", "Broken", "Thor")):
        draw(tmp_path / "strangers" / f"{i}.png", person, 5)
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings(), analyzer=analyzer)

    trained = recognizer.train_folder(tmp_path / "cast")
    assert {item.character: item.used for item in trained.characters} == {"Loki": 3, "Thor": 3}
    (rejected,) = (photo for item in trained.characters for photo in item.rejected)
    assert rejected[0].endswith("2b.png") and rejected[1] == "UNREADABLE" and reason in rejected[2]

    pictures = list(recognizer.identify_pictures(sorted((tmp_path / "strangers").iterdir())))
    assert [picture.error is None for picture in pictures] == [True, False, True] and reason in str(pictures[1].error)

    evaluated = evaluate_folder(
        tmp_path / "cast", project=tmp_path / "project", analyzer=analyzer, unknown=tmp_path / "strangers"
    )
    assert any("1.png" in note and reason in note for note in evaluated.notes)
    calibrated = calibrate_project(tmp_path / "strangers", project=tmp_path / "project", analyzer=analyzer)
    assert any("1.png" in note and reason in note for note in calibrated.notes)

    added = recognizer.add_photos("Odin", [tmp_path / "strangers" / "0.png", tmp_path / "strangers" / "1.png"])
    assert [row[0].endswith("1.png") and reason in row[2] for row in added.rejected] == [True]
    with pytest.raises(CastError, match=reason):
        recognizer.add_photos("Sif", [draw(tmp_path / "other.png", "Broken", 8)])


def test_a_photo_that_cannot_be_decoded_for_want_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        np.zeros(1 << 62, np.uint8)

    path = draw(tmp_path / "a.png", "Thor")
    monkeypatch.setattr("personae.media.photos._decode", decode)
    with pytest.raises(PhotoError, match=r"not enough memory to decode it\. Shrink it"):
        FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder()).analyze(path)


def test_a_network_that_has_run_is_not_the_matter() -> None:
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 3])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None, 3])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [value], [result])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    session = Session(model.SerializeToString, provider="cpu")
    wrong, right = np.zeros((1, 4), np.float32), np.zeros((1, 3), np.float32)
    with pytest.raises(WeightsError, match="does not take an input"):
        session.run(wrong)
    session.run(right)
    with pytest.raises(RuntimeError):
        session.run(wrong)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        ImportError("libopenblas.so: failed to map segment from shared object"),
        ImportError("libx.so: cannot allocate memory in static TLS block"),
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"),
        RuntimeError("can't start new thread"),
    ],
)
def test_memory_that_runs_out_has_many_names(error: Exception) -> None:
    assert is_out_of_memory(error)
    outer = ImportError("importing the numpy C-extensions failed")
    outer.__cause__ = error
    assert is_out_of_memory(outer)


@pytest.mark.parametrize("error", [ValueError("a"), OSError(2, "No such file"), PhotoError("bad_alloc.jpg", "is gone")])
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)


IMPORT_FAILS = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise {error}
sys.meta_path.insert(0, Finder())
sys.argv = ["personae", *{arguments!r}]
from personae.cli import main
main()
"""


@pytest.mark.parametrize("error", ["MemoryError()", "ImportError('lib.so: failed to map segment from shared object')"])
@pytest.mark.parametrize(("module", "command"), [("numpy", "train"), ("cv2", "identify"), ("PIL.Image", "identify")])
def test_at_an_import_it_is_a_sentence(tmp_path: Path, trained: Path, module: str, command: str, error: str) -> None:
    folder = trained / "cast" if command == "train" else trained / "cast" / "Thor"
    project = str(trained / "project")
    arguments = [command, str(folder), "--project", project, "--detector", "fake", "--embedder", "fake"]
    code = IMPORT_FAILS.format(module=module, error=error, arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=100
    )
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
    assert "not enough memory" in done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    for person in ("Thor", "Loki"):
        for take in (1, 2):
            draw(folder / "cast" / person / f"{take}.png", person, take)
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    CharacterRecognizer(folder / "project", settings=Settings(), analyzer=analyzer).train_folder(folder / "cast")
    return folder


def test_a_photo_that_is_cut_short_is_named_but_does_not_teach(tmp_path: Path, trained: Path) -> None:
    path = tmp_path / "half.jpg"
    Image.fromarray(draw_picture([("Thor", 96)], take=3, size_wh=(200, 400)).pixels).save(path, quality=95)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    fakes = ["--detector", "fake", "--embedder", "fake", "--project", str(trained / "project")]
    annotated = tmp_path / "annotated"
    named = CliRunner().invoke(cli, ["identify", str(path), "--json", "-", "--annotate", str(annotated), *fakes])
    assert named.exit_code == 0 and f"personae: {path}: the file is cut short" in named.stderr, named.stderr
    document = json.loads(named.stdout)
    (picture,) = document["pictures"]
    assert "cut short" in picture["note"] and picture["error"] is None
    assert [face["character"] for face in picture["faces"]] == ["Thor"] and len(list(annotated.iterdir())) == 1
    jsonschema = pytest.importorskip("jsonschema")
    schema = resources.files("personae").joinpath("schemas/identify-1.schema.json").read_text()
    jsonschema.Draft202012Validator(json.loads(schema)).validate(document)

    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    recognizer = CharacterRecognizer(trained / "project", settings=Settings(), analyzer=analyzer)
    with pytest.raises(CastError, match="cut short"):
        recognizer.add_photos("Thor", [path])
    with pytest.raises(PhotoError, match="cut short"):
        recognizer.reject_photo(path, "Thor")
    (tmp_path / "cast").mkdir()
    for person in ("Thor", "Loki"):
        for take in (1, 2):
            draw(tmp_path / "cast" / person / f"{take}.png", person, take)
    path.rename(tmp_path / "cast" / "Thor" / "half.jpg")
    report = CharacterRecognizer(tmp_path / "other", settings=Settings(), analyzer=analyzer).train_folder(
        tmp_path / "cast"
    )
    ((_, reason, detail),) = [photo for item in report.characters for photo in item.rejected]
    assert reason == "UNREADABLE" and "cut short" in detail


def test_faces_come_from_left_to_right_and_from_the_top_down_everywhere(tmp_path: Path, trained: Path) -> None:
    pixels = np.full((400, 500, 3), 118, np.uint8)
    for person, x, y, size in (
        ("Loki", 300, 20, 120),
        ("Thor", 20, 250, 96),
        ("Odin", 20, 30, 64),
        ("Hela", 180, 9, 80),
    ):
        pixels[y : y + size, x : x + size] = draw_face(person, size, take=2)
    Image.fromarray(pixels).save(tmp_path / "group.png")
    wanted = [(20, 30), (20, 250), (180, 9), (300, 20)]
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    faces = analyzer.analyze(tmp_path / "group.png")
    assert faces.boxes_xyxy[:, :2].round().tolist() == [list(at) for at in wanted]
    ((_, streamed),) = analyzer.analyze_many([Picture(pixels)])
    assert isinstance(streamed, AnalyzedFaces) and np.array_equal(streamed.boxes_xyxy, faces.boxes_xyxy)
    fakes = ["--detector", "fake", "--embedder", "fake", "--project", str(trained / "project")]
    lines = CliRunner().invoke(cli, ["identify", str(tmp_path / "group.png"), *fakes]).stdout.splitlines()
    assert [line.partition(" px at ")[2] for line in lines if " px at " in line] == [str(at) for at in wanted]
    document = json.loads(
        CliRunner().invoke(cli, ["identify", str(tmp_path / "group.png"), "--json", "-", *fakes]).stdout
    )
    assert [tuple(map(round, face["box"][:2])) for face in document["pictures"][0]["faces"]] == wanted
