from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterModel, CharacterRecognizer, Progress, Settings
from personae.errors import (
    CastError,
    EmbedderMismatchError,
    EmbeddingError,
    ModelNotFoundError,
    PhotoError,
    StoreError,
)
from personae.recognition.scaler import EmbeddingScaler
from tests.people import EMBEDDER, people
from tests.stub import FACES, ROWS, StubAnalyzer, write_cast


def make(folder: Path, **options: Any) -> CharacterRecognizer:
    analyzer: Any = options.pop("analyzer", None) or StubAnalyzer(ROWS)
    settings = options.pop("settings", Settings(lock_timeout_s=0.3))
    return CharacterRecognizer(folder / "project", settings=settings, analyzer=analyzer, **options)


@pytest.fixture
def trained(tmp_path: Path) -> CharacterRecognizer:
    recognizer = make(tmp_path)
    recognizer.train_folder(write_cast(tmp_path / "cast"))
    return recognizer


# The specification, line by line (its names, what they hold, where its parts live)


def test_attributes_carry_the_specifications_names(trained: CharacterRecognizer) -> None:
    assert isinstance(trained.face_model, CharacterModel)
    assert isinstance(trained.embedding_scaler, EmbeddingScaler)
    assert trained.model_trained is True
    assert sorted(trained.character_clusters) == ["c0", "c1", "c2"]
    assert all(1 <= len(centres) <= 3 and centres.shape[1] == 128 for centres in trained.character_clusters.values())
    metrics = trained.training_metrics
    assert {
        "intra_character_similarity", "inter_character_similarity", "discrimination_ratio", "n_characters",
        "n_embeddings", "separation_index", "roc_auc", "equal_error_rate",
    } <= set(metrics)  # fmt: skip
    assert (metrics["n_characters"], metrics["n_embeddings"]) == (3, 9)
    assert metrics["intra_character_similarity"] > 0.4 > metrics["inter_character_similarity"]


def test_before_training_the_attributes_are_empty_not_errors(tmp_path: Path) -> None:
    recognizer = make(tmp_path)
    assert recognizer.face_model is None and recognizer.embedding_scaler is None
    assert recognizer.model_trained is False
    assert recognizer.character_clusters == {} and recognizer.training_metrics == {}
    assert not (tmp_path / "project").exists()


async def _train_and_identify(tmp_path: Path) -> None:
    steps: list[Progress] = []
    recognizer = make(tmp_path)
    cast = write_cast(tmp_path / "cast")
    photos = {f"c{c}": sorted((cast / f"c{c}").iterdir()) for c in range(3)}
    assert inspect.iscoroutinefunction(recognizer.train_character_faces)
    report = await recognizer.train_character_faces(photos, progress_callback=steps.append)
    assert [item.used for item in report.characters] == [3, 3, 3]
    assert steps and str(steps[0]) == "photos 1/9 0.jpg" and steps[-1].stage == "model"
    match = await recognizer.identify_character(FACES[1, 4])
    assert match is not None and (match.character, match.method) == ("c1", "model")
    assert -1 <= match.similarity <= 1 and 0 <= match.confidence <= 1
    assert await recognizer.identify_character(FACES[3, 0]) is None


def test_train_character_faces_and_identify_character(tmp_path: Path) -> None:
    asyncio.run(_train_and_identify(tmp_path))


async def _ticks_during(tmp_path: Path) -> int:
    recognizer = make(tmp_path, analyzer=StubAnalyzer(ROWS, delay_s=0.03))
    photos = {f"c{c}": sorted((tmp_path / "cast" / f"c{c}").iterdir()) for c in range(3)}
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticker = asyncio.create_task(tick())
    await recognizer.train_character_faces(photos)
    ticker.cancel()
    return ticks


def test_the_event_loop_ticks_on_during_training(tmp_path: Path) -> None:
    write_cast(tmp_path / "cast")
    # Nine photos of 30 ms each: a blocked loop would tick once or twice.
    assert asyncio.run(_ticks_during(tmp_path)) > 15


def test_the_model_is_saved_with_its_metadata_and_loaded_at_first_use(
    trained: CharacterRecognizer, tmp_path: Path
) -> None:
    cache = tmp_path / "project" / "cache"
    assert sorted(path.name for path in cache.iterdir()) == [
        "face_recognition_model.personae",
        "face_recognition_model_metadata.json",
    ]
    text = (cache / "face_recognition_model_metadata.json").read_text()
    assert '"personae_version"' in text and EMBEDDER in text and '"metrics"' in text
    later = make(tmp_path)
    assert vars(later.context.model)["_loaded"] is None
    assert later.identify_embeddings(FACES[:3, 5])[0] is not None
    assert vars(later.context.model)["_loaded"] is not None
    probes = people(200, 1, seed=21)[:, 0]
    assert later.identify_embeddings(probes) == trained.identify_embeddings(probes)


def test_compare_faces_is_a_cosine(trained: CharacterRecognizer, tmp_path: Path) -> None:
    assert trained.compare_faces(FACES[0, 0], FACES[0, 0]) == pytest.approx(1)
    assert trained.compare_faces(FACES[0, 0], FACES[0, 1]) > trained.compare_faces(FACES[0, 0], FACES[1, 1])
    untrained = CharacterRecognizer(tmp_path / "nothing")
    assert untrained.compare_faces(FACES[0, 0], FACES[0, 1]) == pytest.approx(
        float(FACES[0, 0] @ FACES[0, 1]), abs=1e-6
    )
    with pytest.raises(EmbeddingError):
        trained.compare_faces(FACES[0, 0], np.ones(3))


def test_one_path_in_place_of_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CastError, match="give a list"):
        asyncio.run(make(tmp_path).train_character_faces({"Thor": "a.jpg"}))


# The fallback


def test_the_fallback_names_by_the_nearest_enrolled_face_and_warns_once(
    trained: CharacterRecognizer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trained.model_path.unlink()
    recognizer = make(tmp_path)
    with caplog.at_level(logging.WARNING, "personae"):
        matches = recognizer.identify_embeddings(FACES[:, 5])
        recognizer.identify_embeddings(FACES[:, 5])
    assert [m.character if m else None for m in matches] == ["c0", "c1", "c2", None]
    assert all(m.method == "fallback" for m in matches if m)
    nearest = (FACES[:3, :3].reshape(-1, 128) @ FACES[0, 5]).max()
    assert matches[0] is not None and matches[0].similarity == pytest.approx(float(nearest), abs=1e-5)
    assert sum("No usable model" in record.message for record in caplog.records) == 1
    assert recognizer.model_trained is False and recognizer.model_card()["method"] == "fallback"


def test_the_fallback_stands_in_for_a_damaged_model(trained: CharacterRecognizer, tmp_path: Path) -> None:
    content = bytearray(trained.model_path.read_bytes())
    content[-7] ^= 1
    trained.model_path.write_bytes(content)
    (match,) = make(tmp_path).identify_embeddings(FACES[0, 5])
    assert match is not None and match.method == "fallback"


def test_a_model_for_another_embedder_is_not_used(trained: CharacterRecognizer, tmp_path: Path) -> None:
    other = make(tmp_path, analyzer=StubAnalyzer(ROWS, embedder="other:d128:p1:ba9876543210"))
    with pytest.raises(EmbedderMismatchError, match="other:d128"):
        other.identify_picture(tmp_path / "cast" / "c0" / "0.jpg")
    with pytest.raises(EmbedderMismatchError, match="--fresh"):
        other.train_folder(tmp_path / "cast")
    other.train_folder(tmp_path / "cast", fresh=True)
    assert other.identify_picture(tmp_path / "cast" / "c0" / "0.jpg").identities[0].match is not None


def test_nothing_enrolled_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="personae train"):
        make(tmp_path).identify_embeddings(FACES[0, 0])


# Synchronising


def test_a_second_training_embeds_nothing_and_a_changed_photo_only_itself(tmp_path: Path) -> None:
    cast = write_cast(tmp_path / "cast")
    analyzer = StubAnalyzer(ROWS)
    recognizer = make(tmp_path, analyzer=analyzer)
    recognizer.train_folder(cast)
    analyzer.embedded.clear()
    report = recognizer.train_folder(cast)
    assert (report.faces_embedded, report.unchanged, report.added) == (0, 9, 0)
    (cast / "c1" / "2.jpg").write_text("10")
    report = recognizer.train_folder(cast)
    assert analyzer.embedded == ["2.jpg"] and report.changed == 1


def test_vanished_photos_go_and_photos_enrolled_otherwise_stay(tmp_path: Path) -> None:
    cast = write_cast(tmp_path / "cast")
    recognizer = make(tmp_path)
    recognizer.train_folder(cast)
    extra = tmp_path / "elsewhere.jpg"
    extra.write_text("4")
    asyncio.run(recognizer.train_character_faces({"c0": [extra]}))
    (cast / "c2" / "0.jpg").unlink()
    report = recognizer.train_folder(cast)
    assert report.removed == (("c2", str(cast / "c2" / "0.jpg")),)
    assert [item.used for item in report.characters] == [4, 3, 2]
    fresh = recognizer.train_folder(cast, fresh=True)
    assert [item.used for item in fresh.characters] == [3, 3, 2]


def test_a_character_without_a_usable_photo_is_named_and_the_others_train(tmp_path: Path) -> None:
    cast = write_cast(tmp_path / "cast")
    (cast / "c9").mkdir()
    (cast / "c9" / "text.jpg").write_text("this is no picture")
    report = make(tmp_path).train_folder(cast)
    assert report.model["metrics"]["n_characters"] == 3
    assert any("c9 has no usable photo" in note for note in report.notes)
    assert report.characters[-1].rejected[0][1] == "UNREADABLE"


def test_not_one_usable_photo_names_them_all_and_keeps_the_old_model(
    trained: CharacterRecognizer, tmp_path: Path
) -> None:
    bad = tmp_path / "bad" / "Thor"
    bad.mkdir(parents=True)
    (bad / "1.jpg").write_text("no picture")
    before = trained.model_path.read_bytes()
    with pytest.raises(CastError, match=r"1\.jpg: UNREADABLE"):
        trained.train_folder(tmp_path / "bad", fresh=True)
    assert trained.model_path.read_bytes() == before
    assert trained.identify_embeddings(FACES[0, 5])[0] is not None
    assert trained.train_folder(tmp_path / "cast").unchanged == 9


def test_max_photos_keeps_the_best(tmp_path: Path) -> None:
    recognizer = make(tmp_path, settings=Settings(max_photos=2))
    report = recognizer.train_folder(write_cast(tmp_path / "cast"))
    assert [(item.used, item.not_used) for item in report.characters] == [(2, 1)] * 3
    assert report.model["metrics"]["n_embeddings"] == 6


# Many at once


def test_one_recognizer_serves_many_threads(trained: CharacterRecognizer, tmp_path: Path) -> None:
    shared = make(tmp_path)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(20):
                matches = shared.identify_embeddings(FACES[:, 5])
                assert [m.character if m else None for m in matches] == ["c0", "c1", "c2", None]
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    shared.train_folder(tmp_path / "cast")
    for thread in threads:
        thread.join()
    assert not problems


def test_many_tasks_identify_while_one_trains(trained: CharacterRecognizer, tmp_path: Path) -> None:
    async def main() -> list[Any]:
        photos = {"c0": sorted((tmp_path / "cast" / "c0").iterdir())}
        return await asyncio.gather(
            trained.train_character_faces(photos), *(trained.identify_character(FACES[0, 5]) for _ in range(20))
        )

    _, *matches = asyncio.run(main())
    assert all(match is not None and match.character == "c0" for match in matches)


def test_a_picture_that_cannot_be_read_does_not_stop_the_rest(trained: CharacterRecognizer, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    good = tmp_path / "cast" / "c0" / "0.jpg"
    pictures = list(trained.identify_pictures([good, bad, good]))
    assert [picture.error for picture in pictures] == [None, "not a picture", None]
    with pytest.raises(PhotoError):
        trained.identify_picture(bad)


def test_a_model_file_outside_the_project(trained: CharacterRecognizer, tmp_path: Path) -> None:
    elsewhere = tmp_path / "models" / "thor.personae"
    recognizer = make(tmp_path, model_path=elsewhere)
    recognizer.train_folder(tmp_path / "cast")
    assert elsewhere.is_file() and (tmp_path / "models" / "thor_metadata.json").is_file()
    picture = tmp_path / "picture.personae"
    picture.write_bytes(b"\xff\xd8 a picture, not a model")
    with pytest.raises(StoreError, match="not a file of Personae"):
        make(tmp_path, model_path=picture).train_folder(tmp_path / "cast")
    assert picture.read_bytes() == b"\xff\xd8 a picture, not a model"
