"""What jobs say names files, never where they lie."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from personae.errors import FilmError, InputError
from personae.jobs.sentences import Folders, without_paths

HOME = "/home/Anna Smith/my films"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"{HOME}/one two.mkv: no film.", "one two.mkv: no film."),
        (f"'{HOME}/deep er/x.mkv' and {HOME}/y.mkv", "'deep er/x.mkv' and y.mkv"),
        (f"{HOME}: not one photo.", "my films: not one photo."),
        ("/home/Anna Smith/else/x.png", "else/x.png"),
        ("/srv/other/x.png: damaged", "x.png: damaged"),
        ("half and/or whole, 1/2, a/home/b", "half and/or whole, 1/2, a/home/b"),
        (f"{HOME}2 is another", "my films2 is another"),
    ],
)
def test_a_sentence_keeps_names_and_loses_folders(said: str, told: str) -> None:
    folders = Folders([PurePosixPath(HOME)])
    assert folders.without({"notes": [said], "n": 1}) == {"notes": [told], "n": 1}


def test_the_folders_of_a_job_are_those_it_was_asked_with(tmp_path: Path) -> None:
    place = tmp_path / "with a space"
    folders = Folders.of_job(tmp_path / "pro ject", {"paths": [str(place / "x.mkv")], "folder": str(tmp_path / "a b")})
    said = f"{place}/x.mkv {tmp_path}/a b/c/d.png {tmp_path}/pro ject/model"
    assert folders.without(said) == "x.mkv c/d.png model"


def test_an_error_names_its_file_alone() -> None:
    assert without_paths(FilmError("/no one knows/this film.mkv", "empty.")) == "this film.mkv: empty."
    assert without_paths(InputError("/srv/x/y.csv: a line")) == "y.csv: a line"
