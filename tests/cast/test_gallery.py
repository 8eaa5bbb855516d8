from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae.cast import gallery_schema
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord, remove_database
from personae.errors import (
    DamagedFileError,
    EmbedderMismatchError,
    EmbeddingError,
    ForeignFileError,
    ModelNotFoundError,
    PersonaeError,
    ProjectBusyError,
    StoreError,
    TooNewError,
    WriteError,
)
from personae.types import FloatArray, Quality, Reason
from tests.people import EMBEDDER, people

ROWS = people(4, 5, seed=30).reshape(-1, 128)
SAMPLES = Path(__file__).parents[1] / "samples"


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
        assert other.digest == gallery.digest
        np.testing.assert_array_equal(other.enrolled().embeddings, gallery.enrolled().embeddings)
        other.put_photo(record("c1", "1.jpg"), face(12))
        assert other.digest != gallery.digest and other.counts() == (9, 9)


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


@pytest.mark.parametrize(
    "embedding", [np.ones(127), np.full(128, np.nan), np.ones((2, 64)), np.zeros(128), np.full(128, 1e300)]
)
def test_an_embedding_that_does_not_fit_changes_nothing(path: Path, embedding: FloatArray) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.digest
        bad = face(0)
        object.__setattr__(bad, "embedding", embedding)
        with pytest.raises(EmbeddingError, match="embed its face again"):
            gallery.put_photo(record("c0", "0.jpg"), bad)
        assert gallery.digest == before


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.digest

        def break_off() -> None:
            with gallery.transaction():
                fill(gallery, [10, 11])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert gallery.digest == before


def test_what_fails_inside_a_transaction_is_undone_alone(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.digest
        bad = face(0)
        object.__setattr__(bad, "embedding", np.ones(3))
        with gallery.transaction():
            with pytest.raises(EmbeddingError):
                gallery.put_photo(record("c0", "0.jpg"), bad)
            gallery.put_photo(PhotoRecord("c0", "/cast/c0/dark.jpg").rejected(Reason.TOO_DARK, ""), None)
        assert gallery.digest == before and gallery.counts() == (9, 11)


def test_other_threads_never_see_half_a_transaction(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        stop = threading.Event()
        seen: set[int] = set()

        def look() -> None:
            while not stop.is_set():
                seen.add(len(gallery.enrolled()))

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for k in range(10):
            with gallery.transaction():
                for i in range(10):
                    gallery.put_photo(record("c9", f"{k}-{i}"), face(i))
        stop.set()
        for thread in threads:
            thread.join()
        assert {(number - 9) % 10 for number in seen} == {0}


def test_many_may_open_a_new_gallery_at_once(tmp_path: Path) -> None:
    problems: list[BaseException] = []
    barrier = threading.Barrier(6)

    def work() -> None:
        try:
            for k in range(8):
                barrier.wait(20)
                Gallery.open(tmp_path / f"{k}.sqlite", embedder=EMBEDDER).close()
        except BaseException as error:
            problems.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_a_gallery_whose_first_bytes_are_damaged_is_still_known_as_ours(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 0xFF
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(DamagedFileError, match="backup"):
            Gallery.open(path, embedder=None, read_only=read_only)
    assert path.read_bytes() == content


def test_dates_beyond_what_sqlite_holds_are_kept_as_near_as_it_can(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        late = PhotoRecord("c0", "/late.jpg", mtime_ns=2**63 + 5).rejected(Reason.NO_FACE, "no face was found")
        gallery.put_photo(late, None)
        (found,) = [photo for photo in gallery.photos("c0") if photo.path == "/late.jpg"]
        assert found.mtime_ns == 2**63 - 1
        gallery.move_photo(found, late)


def test_renaming_photos_does_not_change_the_revision(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before, order = gallery.digest, gallery.enrolled().photo_ids
        photos = gallery.photos("c1")
        for k, photo in enumerate(photos):
            gallery.move_photo(photo, PhotoRecord("c1", f"/moved/{len(photos) - k}", look=photo.look))
        assert gallery.enrolled().photo_ids != order and gallery.digest == before


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        before = gallery.digest
        gallery._database.connection.execute(f"PRAGMA max_page_count = {path.stat().st_size // 4096 + 2}")

        def fill_up() -> None:
            with gallery.transaction():
                for i in range(1000):
                    gallery.put_photo(record("c9", f"{i}.jpg"), face(i % 20))

        with pytest.raises(WriteError, match=r"free space.*Nothing that was there is lost"):
            fill_up()
        assert gallery.digest == before
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        assert gallery.digest == before
        fill(gallery, [10])


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_a_limit_that_the_system_really_sets_loses_nothing(path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from tests.cast import test_gallery as t\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000))\n"
        "with t.Gallery.open(Path(sys.argv[1]), embedder=t.EMBEDDER) as gallery:\n"
        "    for i in range(1000):\n"
        "        gallery.put_photo(t.record('c9', f'{i}.jpg'), t.face(i % 20)); print(i, flush=True)"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SAMPLES.parents[1])
    committed = len(done.stdout.split())
    assert "errors.WriteError" in done.stderr and committed
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        assert gallery.counts()[0] == len(gallery.enrolled()) == 9 + committed


def test_a_second_writer_says_why_it_cannot_and_readers_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("personae.database.BUSY_S", 0.05)
    with (
        Gallery.open(path, embedder=EMBEDDER) as first,
        Gallery.open(path, embedder=EMBEDDER) as second,
        first.transaction(),
    ):
        fill(first, [10])
        with pytest.raises(ProjectBusyError, match="another process is writing"):
            fill(second, [11])
        assert second.counts()[0] == 9


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
    for file, error in ((foreign, ForeignFileError), (picture, ForeignFileError), (newer, TooNewError)):
        before = file.read_bytes()
        for read_only in (False, True):
            with pytest.raises(error):
                Gallery.open(file, embedder=EMBEDDER, read_only=read_only)
        assert file.read_bytes() == before


def use(path: Path, *, read_only: bool) -> None:
    """Do everything with a gallery; what comes out must be what it says it is."""
    with Gallery.open(path, embedder=None, read_only=read_only) as gallery:
        enrolment = gallery.enrolled()
        assert all(isinstance(text, str) for text in enrolment.characters + enrolment.paths)
        for photo in gallery.photos():
            assert isinstance(photo.character + photo.path + photo.sha256 + (photo.look or ""), str)
            assert photo.status in {"enrolled", "rejected"} and isinstance(
                photo.size + photo.mtime_ns + photo.faces_found, int
            )
        assert gallery.digest and isinstance(gallery.edits(), list)
        if not read_only:
            fill(gallery, [0, 12])
            gallery.remove_photos([3])
            assert gallery.counts()[0]


@pytest.mark.parametrize("read_only", [True, False])
def test_a_damaged_gallery_never_ends_in_another_exception(path: Path, tmp_path: Path, read_only: bool) -> None:
    with Gallery.open(path, embedder=None) as gallery:
        gallery.log_edit("test", {"a": 1})
    good = path.read_bytes()
    copy = tmp_path / "copy" / "gallery.sqlite"
    copy.parent.mkdir()
    flipped = (
        good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in range(0, len(good), 97 if read_only else 499)
    )
    cut_off = (good[:length] for length in range(0, len(good), 1500))
    noticed = 0
    for bad in (*flipped, *cut_off):
        remove_database(copy)
        copy.write_bytes(bad)
        try:
            use(copy, read_only=read_only)
        except PersonaeError:
            noticed += 1
    assert noticed > 20


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("photos", "character", b"\xff"), ("photos", "path", b"\xff"), ("photos", "look", b"\xff"),
        ("photos", "size", "large"), ("photos", "reason", "WRONG"), ("faces", "embedding", "text"),
        ("faces", "embedding", 5), ("faces", "embedding", b""), ("faces", "embedding", b"\0\0\xc0\x7f" * 128),
        ("faces", "quality", "text"), ("faces", "face_px", float("inf")), ("edits", "detail", "{"),
    ],
)  # fmt: skip
def test_rows_that_make_no_sense_are_damage(path: Path, table: str, column: str, value: Any) -> None:
    with Gallery.open(path, embedder=None) as gallery:
        gallery.log_edit("test", {"a": 1})
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = 1", (value,))
    connection.close()
    with pytest.raises(DamagedFileError, match="Restore it from a backup"):
        use(path, read_only=True)


def test_killed_before_its_first_table_it_is_made_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "gallery.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert file.stat().st_size > 0
    with pytest.raises(ModelNotFoundError, match="nothing is enrolled yet"):
        Gallery.open(file, embedder=None, read_only=True)
    with Gallery.open(file, embedder=EMBEDDER) as gallery:
        fill(gallery, [0, 1])
        gallery.remove_photos([1])
        assert gallery.counts() == (1, 1) and len(gallery.enrolled()) == 1
    assert ROWS[0].astype("<f4").tobytes() not in file.read_bytes()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM faces").fetchone() == (1,)
    connection.close()


ODD = "/cast/Th\udcf6r"  # what Python makes of a file name that is not valid UTF-8


def test_file_names_that_are_no_unicode_come_out_as_they_went_in(path: Path) -> None:
    photo = PhotoRecord("c0", f"{ODD}/1.jpg", origin=ODD, sha256="1").rejected(Reason.DUPLICATE, f"a copy of {ODD}")
    with Gallery.open(path, embedder=EMBEDDER) as gallery:
        gallery.put_photo(photo, None)
        gallery.put_photo(photo.enrolled(faces_found=1), face(13))
        (found,) = [each for each in gallery.photos("c0") if each.origin == ODD]
        assert (found.path, found.status) == (photo.path, "enrolled") and found.path in gallery.enrolled().paths
        gallery.move_photo(found, PhotoRecord("c0", f"{ODD}/2.jpg", origin=ODD))
        assert f"{ODD}/2.jpg" in gallery.enrolled().paths and gallery.digest
        gallery.log_edit("test", {"path": ODD})
        assert gallery.edits()[-1][2] == {"path": ODD}


@pytest.mark.parametrize("name", ["plain", "a b #?%41&.d", "雷神 ⚡", "Th\udcf6r"])
def test_a_gallery_may_lie_in_any_folder(tmp_path: Path, name: str) -> None:
    try:
        (tmp_path / name).mkdir()
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system has no such names")
    fresh = tmp_path / name / "fresh.sqlite"
    with Gallery.open(fresh, embedder=EMBEDDER) as gallery:
        fill(gallery, [0])
    with Gallery.open(tmp_path / name / "gallery.sqlite", embedder=EMBEDDER) as gallery:
        gallery.take_over(fresh)
    with Gallery.open(tmp_path / name / "gallery.sqlite", embedder=EMBEDDER, read_only=True) as gallery:
        assert len(gallery.enrolled()) == 1


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="part of this path is a file"):
        Gallery.open(tmp_path / "file" / "gallery.sqlite", embedder=EMBEDDER)
    with pytest.raises(ModelNotFoundError):
        Gallery.open(tmp_path / "file" / "gallery.sqlite", embedder=EMBEDDER, read_only=True)
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(WriteError):
        Gallery.open(tmp_path / "folder.sqlite", embedder=EMBEDDER)
    with pytest.raises(WriteError):
        remove_database(tmp_path / "folder.sqlite")
    remove_database(tmp_path / "none.sqlite")
    remove_database(tmp_path / "file" / "none.sqlite")


# Reads, or tries to write, as somebody who may not write; root may everywhere, so it becomes nobody.
UNPRIVILEGED = """
import os, sys
from pathlib import Path
from personae.errors import PersonaeError
from personae.cast.gallery import Gallery
folder, action = Path(sys.argv[1]), sys.argv[2]
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    with Gallery.open(folder / "gallery.sqlite", embedder=None, read_only=action == "read") as gallery:
        if action == "write":
            gallery.log_edit("test", {})
        print(len(gallery.enrolled()))
except PersonaeError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """A folder that is filled by us and read by nobody: not below `tmp_path`, which only its owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_folder_that_may_only_be_read_can_be_read(path: Path, others_folder: Path) -> None:
    def attempt(action: str) -> str:
        command = [sys.executable, "-c", UNPRIVILEGED, str(others_folder), action]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    copy = others_folder / "gallery.sqlite"
    shutil.copyfile(path, copy)
    copy.chmod(0o444)
    others_folder.chmod(0o555)
    assert attempt("read") == "9\n"
    said = attempt("write")
    assert said.startswith("WriteError") and "permissions" in said
    # Killed while it trained, then made read-only: what is in the log must not be passed over in silence.
    others_folder.chmod(0o755)
    with Gallery.open(path, embedder=None) as gallery:
        fill(gallery, [11])
        for name in ("gallery.sqlite", "gallery.sqlite-wal"):
            (others_folder / name).unlink(missing_ok=True)
            shutil.copyfile(path.with_name(name), others_folder / name)
    others_folder.chmod(0o555)
    said = attempt("read")
    assert said == "10\n" or ("WriteError" in said and "broken off" in said)
    others_folder.chmod(0o711)
    copy.chmod(0o000)
    assert "cannot be read (Permission denied)" in attempt("read")


def test_a_closed_gallery_is_a_mistake_of_the_caller_not_damage(path: Path) -> None:
    gallery = Gallery.open(path, embedder=EMBEDDER)
    gallery.close()
    gallery.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        gallery.enrolled()


def test_removing_a_database_leaves_nothing_of_it(tmp_path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):  # a journal is left where it was killed before it used WAL
        (tmp_path / f"fresh.sqlite{suffix}").touch()
    remove_database(tmp_path / "fresh.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_fresh_gallery_takes_over_in_one_step(path: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.sqlite"
    with Gallery.open(fresh, embedder="new:d128:p1:0") as gallery:
        fill(gallery, [13])
    with Gallery.open(path, embedder=None) as gallery:
        gallery.take_over(fresh)
        assert gallery.counts() == (1, 1) and gallery.embedder == "new:d128:p1:0"
        assert gallery.edits()[-1][1] == "fresh"
    assert ROWS[0].astype("<f4").tobytes() not in path.read_bytes()


def test_what_fails_while_a_fresh_gallery_takes_over_changes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh.sqlite"
    with Gallery.open(fresh, embedder="new:d128:p1:0") as gallery:
        fill(gallery, [13])
    with Gallery.open(path, embedder=None) as gallery:
        before = (gallery.digest, gallery.counts(), gallery.embedder, gallery.edits())

        def fail(*_: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(gallery, "log_edit", fail)
            with pytest.raises(StoreError):
                gallery.take_over(fresh)
        assert (gallery.digest, gallery.counts(), gallery.embedder, gallery.edits()) == before
        gallery.take_over(fresh)
        assert gallery.counts() == (1, 1)


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
