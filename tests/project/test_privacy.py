"""Files that hold faces are for their owner alone, whatever the system gives new files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from personae.files import make_folder, open_whole, write_whole
from personae.films.store import MediaStore
from personae.media.video import open_film
from personae.paths import ProjectPaths
from tests.drawn_films import drawn_film, drawn_recognizer, scene
from tests.scanning import scan_film

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_private_files_and_the_folders_made_for_them(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b" / "faces", b"x", private=True)
    assert [mode(tmp_path / part) for part in ("a", "a/b", "a/b/faces")] == [0o700, 0o700, 0o600]
    write_whole(tmp_path / "c" / "export", b"x")
    assert [mode(tmp_path / part) for part in ("c", "c/export")] == [0o755, 0o644]
    make_folder(tmp_path / "c", private=True)
    assert mode(tmp_path / "c") == 0o755, "a folder of the user's keeps its permissions"


def test_a_private_file_is_never_open_to_others_even_while_it_is_written(tmp_path: Path) -> None:
    with open_whole(tmp_path / "faces", private=True) as file:
        file.write(b"x")
        assert [mode(path) for path in tmp_path.iterdir()] == [0o600]


def test_everything_with_faces_in_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path / "above")
    film = drawn_film(tmp_path / "film.mp4", lambda n: scene(1, [("Thor", 100, 100, 90)], take=n // 4 % 7), 40)
    project = recognizer.project.folder
    for out in (None, tmp_path / "out"):
        with open_film(film) as opened:
            scan_film(opened, recognizer, MediaStore(ProjectPaths(project), 1.0).reserve(opened.video, out))
    with_faces = {path.name for path in project.rglob("*") if path.is_file()}
    assert {"gallery.sqlite", "face_recognition_model.personae", "film.tracks", "project.sqlite"} <= with_faces
    for path in (project, *project.rglob("*")):
        if path.name not in {"film.timeline.json", "writer.lock"}:  # no faces; the folder is closed all the same
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    out = tmp_path / "out"
    assert mode(out) == 0o755
    assert mode(out / "film.timeline.json") == 0o644, "a timeline is safe to share"
    assert mode(out / "film.tracks") == 0o600
    assert mode(out / "film.faces") == 0o700
    assert {mode(path) for path in (out / "film.faces").iterdir()} == {0o600}


def test_a_project_of_an_earlier_version_is_closed_once(tmp_path: Path) -> None:
    recognizer = drawn_recognizer(tmp_path)
    project = recognizer.project.folder
    (project / "project.sqlite").unlink()
    for path in (project, *project.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    recognizer.rename_character("Thor", "Donar")
    assert mode(project) == 0o700
    assert mode(project / "gallery.sqlite") == 0o600
    project.chmod(0o750)
    recognizer.rename_character("Donar", "Thor")
    assert mode(project) == 0o750, "from then on the permissions are the owner's business"
