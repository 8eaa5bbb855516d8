from __future__ import annotations

import errno
import sys
import unicodedata
from pathlib import Path

import pytest

from personae.cast.folder import read_cast
from personae.errors import CastError


def put(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_folders_are_characters_and_sub_folders_looks(tmp_path: Path) -> None:
    put(tmp_path, "Thor/1.jpg", "Thor/old/2.PNG", "Thor/old/deep/3.webp", "Tony Stark/a.jpeg")
    found = {(photo.character, photo.look, photo.path.name) for photo in read_cast(tmp_path).photos}
    assert found == {
        ("Thor", None, "1.jpg"), ("Thor", "old", "2.PNG"), ("Thor", "old", "3.webp"), ("Tony Stark", None, "a.jpeg"),
    }  # fmt: skip
    assert all(photo.path.is_absolute() for photo in read_cast(tmp_path).photos)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids some of these")
@pytest.mark.parametrize(
    "name", ["two words", "Þór", "⚡", "a:b?*", "con", "name.", "雷神", "'quoted' \"twice\"", "-f"]
)
def test_names_may_be_anything(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"{name}/1.jpg")
    (photo,) = read_cast(tmp_path).photos
    assert photo.character == name


def test_names_are_composed_whatever_the_file_system_gives(tmp_path: Path) -> None:
    put(tmp_path, unicodedata.normalize("NFD", "Zoë") + "/1.jpg")
    assert read_cast(tmp_path).photos[0].character == unicodedata.normalize("NFC", "Zoë")


def test_folders_that_differ_only_in_case_are_said(tmp_path: Path) -> None:
    put(tmp_path, "Thor/1.jpg", "thor/2.jpg")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system does not tell cases apart")
    cast = read_cast(tmp_path)
    assert {photo.character for photo in cast.photos} == {"Thor", "thor"}
    assert any("Thor and thor differ only" in note for note in cast.notes)


def test_names_that_are_no_unicode_are_written_out_and_said(tmp_path: Path) -> None:
    odd = "Th\udcf6r"
    try:
        put(tmp_path, f"{odd}/1.jpg", f"Tony/{odd}/2.jpg", f"Tony/{odd}.jpg")
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system has no such names")
    cast = read_cast(tmp_path)
    found = {(photo.character, photo.look, photo.path.name) for photo in cast.photos}
    assert found == {("Th\\udcf6r", None, "1.jpg"), ("Tony", "Th\\udcf6r", "2.jpg"), ("Tony", None, f"{odd}.jpg")}
    assert all(photo.path.is_file() for photo in cast.photos)
    assert cast.notes == ("The name of the folder Th\\udcf6r is not valid Unicode: rename it.",)


def test_one_name_in_two_unicode_forms_is_one_character(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD")]
    put(tmp_path, *(f"{form}/{k}.jpg" for k, form in enumerate(forms)))
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system does not tell the forms apart")
    cast = read_cast(tmp_path)
    assert [photo.character for photo in cast.photos] == [forms[0]] * 2
    assert any("trained as one character" in note for note in cast.notes)


def test_hidden_and_system_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "Thor/1.jpg", "Thor/.DS_Store", "Thor/._1.jpg", "Thor/Thumbs.db", ".git/x.jpg", "__MACOSX/a/1.jpg")
    put(tmp_path, "Thor/notes.txt", "@eaDir/1.jpg", ".hidden.jpg")
    assert [photo.path.name for photo in read_cast(tmp_path).photos] == ["1.jpg"]


def test_a_name_with_an_at_sign_is_a_character(tmp_path: Path) -> None:
    put(tmp_path, "@shmi/1.jpg", "@eaDir/1.jpg", "$RECYCLE.BIN/1.jpg")
    assert {photo.character for photo in read_cast(tmp_path).photos} == {"@shmi"}


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(CastError, match="Permission denied"):
        read_cast(tmp_path)


def test_loose_photos_and_empty_characters_are_noted(tmp_path: Path) -> None:
    put(tmp_path, "Thor/1.jpg", "loose.jpg", "Tony/readme.txt")
    notes = read_cast(tmp_path).notes
    assert any(note.startswith("Left out: 1 photo in") for note in notes)
    assert any("Tony has no photo" in note for note in notes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "missing", "there is no such folder"),
        (lambda folder: put(folder, "file") / "file", "this is a file"),
        (lambda folder: folder, "no character in it"),
        (lambda folder: put(folder, "1.jpg"), "It holds 1 photo itself"),
        (lambda folder: put(folder, "Thor/a.txt"), "no photo in its 1 sub-folder"),
        (lambda folder: put(folder, "file") / "file" / "inner", "this is a file"),
        (lambda folder: folder / ("x" * 5000), "cannot be read"),
        (lambda folder: folder / "a\0b", "NUL character"),
    ],
)
def test_nothing_to_train_on_is_an_error_that_says_what_to_do(tmp_path: Path, make: object, message: str) -> None:
    with pytest.raises(CastError, match=message):
        read_cast(make(tmp_path))  # type: ignore[operator]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_and_loops_survived(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "1.jpg")
    (tmp_path / "cast").mkdir()
    (tmp_path / "cast" / "Thor").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert [photo.path.name for photo in read_cast(tmp_path / "cast").photos] == ["1.jpg"]
