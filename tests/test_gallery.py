from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from personae.errors import (
    DamagedFileError,
    EmbedderMismatchError,
    EmbeddingError,
    ForeignFileError,
    ModelNotFoundError,
    PersonaeError,
    StoreError,
    TooNewError,
)
from personae.recognition import gallery_schema
from personae.recognition.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.types import Quality, Reason
from tests.people import EMBEDDER, people

ROWS = people(4, 5, seed=30).reshape(-1, 128)
SAMPLES = Path(__file__).parent / "samples"


def face(row: int) -> EnrolledFace:
    one = np.full(1, 0.5, np.float32)
    return EnrolledFace(
        np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9, Quality(one, one, one, one, one, ((),)), ROWS[row]
    )


def record(character: str, name: str, look: str | None = None) -> PhotoRecord:
    return PhotoRecord(character, f"/cast/{character}/{name}", look=look, origin="/cast", sha256=name).enrolled(
        faces_found=1
    )


def fill(gallery: Gallery, order: list[int]) -> None:
    for i in order:
        gallery.put_photo(record(f"c{i % 3}", f"{i}.jpg", "old" if i == 4 else None), face(i))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Gallery.open(tmp_path / "gallery.sqlite", embedder=EMBEDDER) as gallery:
        fill(gallery, list(range(9)))
        gallery.put_photo(PhotoRecord("c0", "/cast/c0/bad.jpg").rejected(Reason.NO_FACE, "no face was found"), None)
    return tmp_path / "gallery.sqlite"


def test_what_is_put_in_comes_out(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        enrolment = gallery.enrolled()
        assert enrolment.characters == ["c0"] * 3 + ["c1"] * 3 + ["c2"] * 3
        np.testing.assert_array_equal(enrolment.embeddings[0], ROWS[0])
        assert enrolment.looks.count("old") == 1 and gallery.counts() == (9, 10)
        (bad,) = [photo for photo in gallery.photos("c0") if photo.status == "rejected"]
        assert (bad.reason, bad.detail) == (Reason.NO_FACE, "no face was found")
        assert gallery.embedder == EMBEDDER and path.parent.joinpath("gallery.sqlite-wal").exists()


def test_the_order_of_enrolling_does_not_matter(path: Path, tmp_path: Path) -> None:
    with (
        Gallery.open(tmp_path / "other.sqlite", embedder=EMBEDDER) as other,
        Gallery.open(path, embedder=EMBEDDER) as gallery,
    ):
        fill(other, [8, 3, 0, 5, 1, 7, 2, 6, 4])
        assert other.revision == gallery.revision
        np.testing.assert_array_equal(other.enrolled().embeddings, gallery.enrolled().embeddings)
        other.put_photo(record("c1", "1.jpg"), face(12))
        assert other.revision != gallery.revision and other.counts() == (9, 9)


def test_what_is_removed_is_gone_from_the_file(path: Path) -> None:
    secret = ROWS[4].astype("<f4").tobytes()
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        (photo,) = [photo for photo in gallery.photos() if photo.path.endswith("/4.jpg")]
        assert photo.id is not None
        gallery.remove_photos([photo.id])
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert secret not in left and ROWS[5].astype("<f4").tobytes() in left


def test_another_embedder_is_refused_unless_nothing_is_enrolled(path: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbedderMismatchError, match="other:d128"):
        Gallery.open(path, embedder="other:d128:p1:0")
    with Gallery.open(path, embedder=None) as gallery:
        assert gallery.embedder == EMBEDDER
    with Gallery.open(tmp_path / "new.sqlite", embedder="a") as gallery:
        assert gallery.embedder == "a"
    with Gallery.open(tmp_path / "new.sqlite", embedder="b") as gallery:
        assert gallery.embedder == "b"


@pytest.mark.parametrize("embedding", [np.ones(127), np.full(128, np.nan), np.ones((2, 64))])
def test_an_embedding_that_does_not_fit_changes_nothing(path: Path, embedding: np.ndarray) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.revision
        bad = face(0)
        object.__setattr__(bad, "embedding", embedding)
        with pytest.raises(EmbeddingError, match="embed its face again"):
            gallery.put_photo(record("c0", "0.jpg"), bad)
        assert gallery.revision == before


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.revision

        def break_off() -> None:
            with gallery.transaction():
                fill(gallery, [10, 11])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert gallery.revision == before


def test_several_threads_may_use_one_gallery(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        problems: list[BaseException] = []

        def work(start: int) -> None:
            try:
                for i in range(30):
                    with gallery.transaction():
                        gallery.put_photo(record("c9", f"{start}-{i}"), face(i % 20))
                    gallery.enrolled()
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems and gallery.counts()[0] == 9 + 120


def test_reading_needs_no_right_to_write(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER, read_only=True) as gallery:
        assert len(gallery.enrolled()) == 9
        with pytest.raises(StoreError):
            gallery.put_photo(record("c0", "new.jpg"), face(0))
    with pytest.raises(ModelNotFoundError, match="personae train"):
        Gallery.open(path.with_name("none"), embedder=None, read_only=True)
    assert not path.with_name("none").exists()


def test_foreign_and_newer_files_are_left_as_they_are(path: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    picture = tmp_path / "picture.sqlite"
    picture.write_bytes(b"\xff\xd8\xff" * 2000)
    newer = tmp_path / "newer.sqlite"
    shutil.copy(path, newer)
    with sqlite3.connect(newer) as connection:
        connection.execute(f"PRAGMA user_version = {gallery_schema.VERSION + 1}")
    connection.close()
    for file, error in ((foreign, ForeignFileError), (picture, DamagedFileError), (newer, TooNewError)):
        before = file.read_bytes()
        for read_only in (False, True):
            with pytest.raises(error):
                Gallery.open(file, embedder=EMBEDDER, read_only=read_only)
        assert file.read_bytes() == before


def test_a_damaged_gallery_never_ends_in_another_exception(path: Path, tmp_path: Path) -> None:
    good = path.read_bytes()
    copy = tmp_path / "copy" / "gallery.sqlite"
    copy.parent.mkdir()
    noticed = 0
    for at in range(0, len(good), 97):
        bad = bytearray(good)
        bad[at] ^= 0xFF
        copy.write_bytes(bad)
        try:
            with Gallery.open(copy, embedder=None, read_only=True) as gallery:
                gallery.enrolled()
                gallery.photos()
                assert gallery.revision
        except PersonaeError:
            noticed += 1
    assert noticed > 5


def test_a_fresh_gallery_takes_over_in_one_step(path: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.sqlite"
    with Gallery.open(fresh, embedder="new:d128:p1:0") as gallery:
        fill(gallery, [13])
    with Gallery.open(path, embedder=None) as gallery:
        gallery.take_over(fresh)
        assert gallery.counts() == (1, 1) and gallery.embedder == "new:d128:p1:0"
        assert gallery.edits()[-1][1] == "fresh"
    assert ROWS[0].astype("<f4").tobytes() not in path.read_bytes()


def test_a_gallery_of_every_old_version_can_be_read(tmp_path: Path) -> None:
    samples = sorted(SAMPLES.glob("gallery-*.sqlite"))
    assert [sample.stem for sample in samples] == [f"gallery-{v + 1}" for v in range(gallery_schema.VERSION)]
    for sample in samples:
        copy = tmp_path / sample.name
        shutil.copy(sample, copy)
        with Gallery.open(copy, embedder=None) as gallery:
            assert gallery.enrolled().characters == ["Ada", "Grace"]


def test_migrations_run_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "old.sqlite"
    with Gallery.open(file, embedder=EMBEDDER) as gallery:
        fill(gallery, [0])
    steps = (*gallery_schema.MIGRATIONS, "ALTER TABLE photos ADD COLUMN note TEXT NOT NULL DEFAULT '';")
    monkeypatch.setattr(gallery_schema, "MIGRATIONS", steps)
    monkeypatch.setattr(gallery_schema, "VERSION", len(steps))
    with pytest.raises(StoreError, match="older Personae"):
        Gallery.open(file, embedder=EMBEDDER, read_only=True)
    with Gallery.open(file, embedder=EMBEDDER) as gallery:
        assert len(gallery.enrolled()) == 1
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT note FROM photos").fetchone() == ("",)
    connection.close()
