"""Nothing that could be meant as a photo is passed over in silence; what is one by content is read."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from personae import CharacterRecognizer
from personae.assessment import search as tuning
from personae.cast.folder import read_cast
from personae.cli import cli
from personae.errors import CastError, InputError, PhotoError
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_picture
from personae.files import clear_leftovers
from personae.media.left_out import FILMS, KNOWN, NEVER_PICTURES, OTHER_PICTURES, RAWS, LeftOut
from personae.media.photos import SUFFIXES, find, load
from personae.settings import Settings
from tests.assessing import evaluate_folder

RAW_BYTES = b"II*\x00" + bytes(60)
"""Most raws are TIFF inside, and must not be taken for photos."""


def draw(path: Path, person: str = "Thor", take: int = 1, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(person, 96)], take=take).pixels).save(path, **options)
    return path


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(RAW_BYTES)


def draw_cast(folder: Path) -> Path:
    for person in ("Thor", "Loki"):
        for take in (1, 2):
            draw(folder / person / f"{take}.png", person, take)
    return folder


def recognizer(project: Path) -> CharacterRecognizer:
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    return CharacterRecognizer(project, settings=Settings(), analyzer=analyzer)


def test_no_ending_is_two_kinds() -> None:
    kinds = (RAWS, OTHER_PICTURES, FILMS, NEVER_PICTURES, SUFFIXES)
    assert sum(map(len, kinds)) == len(frozenset().union(*kinds)) and len(KNOWN) == sum(map(len, kinds[:-1]))


def test_each_kind_has_its_sentence(tmp_path: Path) -> None:
    touch(
        tmp_path, "1.NEF", "2.nef", "3.cr3", "a.psd", "b.jxl", "c.svg", "d.tga", "film.mp4", "notes", "x.txt", "y.xmp"
    )
    left_out = LeftOut()
    (tmp_path / "notes").write_text("words")
    assert list(find(tmp_path, left_out)) == []
    assert left_out.sentences() == [
        "Left out: 3 raw photos (.cr3, .nef): export them as JPEG.",
        "Left out: 4 pictures (.jxl, .psd, .svg, .tga): pictures of this kind are not read: export them as JPEG "
        "or PNG.",
        "Left out: 1 film (.mp4): films are read by personae scan.",
        "Left out: 1 file without an ending (notes): no picture that is known here. Export what is one as JPEG.",
    ]


def test_photos_are_known_by_content_whatever_they_are_called(tmp_path: Path) -> None:
    for name in ("photo.dat", "photo", "photo.txt", "photo.json", "photo.nef", "photo.mp4"):
        draw(tmp_path / name, format="png" if name == "photo.mp4" else "jpeg")
    draw(tmp_path / ".hidden.jpg")
    found = [path.name for path in find(tmp_path)]
    assert found == ["photo", "photo.dat", "photo.json", "photo.mp4", "photo.nef", "photo.txt"]


def test_words_called_like_a_photo_are_left_out_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("no picture, only words")
    (found,) = find(tmp_path)
    with pytest.raises(PhotoError, match="not a picture in a format known here"):
        load(found)


def test_a_film_of_jpegs_and_a_raw_photo_are_no_photos(tmp_path: Path) -> None:
    draw(tmp_path / "film.mjpg", format="jpeg")
    touch(tmp_path, "1.nef")
    assert list(find(tmp_path)) == []


def test_a_cast_folder_takes_photos_by_content(tmp_path: Path) -> None:
    draw(tmp_path / "Thor" / "1.dat", format="jpeg")
    draw(tmp_path / "Thor" / "2.txt", format="jpeg")
    assert [photo.path.name for photo in read_cast(tmp_path).photos] == ["1.dat", "2.txt"]


@pytest.mark.parametrize("kind", ["jpeg", "png", "gif", "webp", "tiff", "bmp", "ppm", "avif"])
def test_a_picture_without_its_ending_is_read(tmp_path: Path, kind: str) -> None:
    draw(tmp_path / "photo", format=kind)
    draw(tmp_path / "photo.download", format=kind)
    assert [path.name for path in find(tmp_path)] == ["photo", "photo.download"]


@pytest.mark.parametrize("words", ["BMW is a car maker", "P2 and P3 are parking decks", "P6", "", "II", "\x00" * 40])
def test_words_are_no_picture(tmp_path: Path, words: str) -> None:
    (tmp_path / "notes").write_text(words)
    assert not list(find(tmp_path))


def test_training_names_what_it_left_out(tmp_path: Path) -> None:
    cast = draw_cast(tmp_path / "cast")
    draw(cast / "Thor" / "IMG_0003", take=3, format="JPEG")
    touch(cast / "Thor", "4.nef", "5.dng")
    touch(cast / "Hela", "1.arw", "2.arw")
    touch(cast, "6.nef")
    report = recognizer(tmp_path / "project").train_folder(cast)
    assert {item.character: item.used for item in report.characters} == {"Thor": 3, "Loki": 2}
    assert "Left out: 3 raw photos (.dng, .nef): export them as JPEG." in report.notes
    assert "Hela has no photo that is read here." in report.notes
    assert "Left out of Hela: 2 raw photos (.arw): export them as JPEG." in report.notes


def test_a_folder_of_raws_alone_says_so(tmp_path: Path) -> None:
    touch(tmp_path / "raws" / "Thor", "1.nef", "2.nef", "3.nef")
    with pytest.raises(CastError, match=r"(?s)no photo .*Left out of Thor: 3 raw photos \(\.nef\): export them"):
        read_cast(tmp_path / "raws")
    with pytest.raises(CastError, match=r"3 raw photos \(\.nef\): export them as JPEG"):
        read_cast(tmp_path / "raws" / "Thor")
    ours = recognizer(tmp_path / "project")
    ours.train_folder(draw_cast(tmp_path / "cast"))
    with pytest.raises(CastError, match=r"No photo in .*3 raw photos"):
        ours.add_photos("Thor", [tmp_path / "raws"])
    with pytest.raises(InputError, match=r"no face in it.*3 raw photos"):
        evaluate_folder(tmp_path / "cast", project=tmp_path / "p", analyzer=ours.analyzer, unknown=tmp_path / "raws")
    fakes = ["--detector", "fake", "--embedder", "fake", "--project", str(tmp_path / "project")]
    nothing = CliRunner().invoke(cli, ["identify", str(tmp_path / "raws"), *fakes])
    assert nothing.exit_code == 2 and "3 raw photos (.nef): export them as JPEG" in nothing.stderr
    some = CliRunner().invoke(cli, ["identify", str(tmp_path / "raws"), str(tmp_path / "cast" / "Thor"), *fakes])
    assert some.exit_code == 0 and "personae: Left out: 3 raw photos (.nef)" in some.stderr
    added = ours.add_photos("Odin", [draw(tmp_path / "mixed" / "1.png", "Odin").parent, tmp_path / "raws"])
    assert any("3 raw photos" in note for note in added.notes)


def test_what_a_killed_training_left_goes_at_the_next_one(tmp_path: Path) -> None:
    ours = recognizer(tmp_path / "project")
    ours.train_folder(draw_cast(tmp_path / "cast"))
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    left = [ours.project.fresh_gallery.with_name(ours.project.fresh_gallery.name + end) for end in ("", "-wal", "-shm")]
    left += [
        place / f".personae-{int(dead.stdout)}-0a1b2c3d.tmp" for place in (tmp_path / "project", ours.project.cache)
    ]
    alive = tmp_path / "project" / f".personae-{os.getpid()}-0a1b2c3d.tmp"
    for path in (*left, alive):
        path.write_bytes(b"a face")
    ours.train_folder(tmp_path / "cast")
    assert not [path for path in left if path.exists()] and alive.exists()
    os.utime(alive, (0, 0))  # by now the number is another process's
    clear_leftovers(tmp_path / "project")
    assert not alive.exists()


def test_tuning_without_scikit_learn_says_what_it_did_not_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> object:
        return None if name == "sklearn" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    monkeypatch.setattr(tuning, "GRID", tuning.GRID[-1:])  # the heads
    fakes = ["--detector", "fake", "--embedder", "fake", "--project", str(tmp_path / "project")]
    done = CliRunner(env={"COLUMNS": "400"}).invoke(cli, ["tune", str(draw_cast(tmp_path / "cast")), *fakes])
    assert done.exit_code == 0, done.output
    assert (
        "note: Not tried: the heads logistic, svm, ensemble. scikit-learn is not installed. "
        "Install it with: pip install scikit-learn"
    ) in done.stdout
