"""What is no file with an end (a pipe, a link to an endless device) is refused by every command that reads a path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from personae.faces.fake import draw_picture
from personae.files import NotAFileError, open_input, read_whole, sha256_of
from tests.drawn_films import drawn_film, scene

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")

ENDLESS_S = 150
"""All commands of one kind together take a tenth of it; one that waits is stopped, and is the one without an answer."""
DEVICE = "device or pipe"

# What the command says of it, by the command; {bad} is a pipe, {x.jpg} and so on are pipes of that name, {cast} and
# {mixed} are folders that hold one beside good photos.
ANSWERS: dict[str, tuple[int, str]] = {
    # photos
    "train {mixed}": (0, DEVICE),
    "train --fresh {mixed}": (0, DEVICE),
    "train {x.jpg}": (2, "this is a file"),
    "train {performers}": (2, "performers.csv: cannot be read"),
    "identify {x.jpg}": (1, DEVICE),
    "identify {mixed}": (1, DEVICE),
    "evaluate {mixed}": (0, "1 photo cannot be enrolled"),
    "evaluate {cast} --unknown {x.jpg}": (2, "no face in it"),
    "evaluate {cast} --unknown {mixed}": (0, DEVICE),
    "evaluate {cast} --groups {bad}": (2, DEVICE),
    "tune {mixed}": (0, "1 photo cannot be enrolled"),
    "tune {cast} --groups {bad}": (2, DEVICE),
    "tune {cast} --unknown {mixed}": (0, DEVICE),
    "calibrate {x.jpg}": (2, "Give a folder"),
    "calibrate {strangers}": (0, DEVICE),
    "add Sif {x.jpg}": (2, DEVICE),
    "add Sif {strangers}": (1, DEVICE),
    "split Thor {x.jpg} --into Sif": (2, "no photo of Thor"),
    "remove {x.jpg}": (2, "x.jpg"),
    "reject {x.jpg} --not Thor": (2, DEVICE),
    # films, and what is written about them
    "scan {x.mp4}": (2, DEVICE),
    "scan {films} --fresh": (1, DEVICE),
    "scan {frames} --rate 25": (2, "the folder is empty"),
    "scan {film} --edits {bad}": (2, DEVICE),
    "scan {film} --cast {mixed} --out out": (0, "timeline"),
    "export {bad} -o out.csv": (2, "pipe|device|file"),
    "report {bad} -o out.html": (2, "pipe|device|file"),
    "select {bad} -o out.edl --character Thor": (2, "pipe|device|file"),
    "name 1 Thor --timeline {bad}": (2, "pipe|device|file"),
    # the files of a project, networks
    "inspect --model {bad}": (2, DEVICE),
    "identify {cast} --model {bad}": (0, DEVICE),
    "doctor --detector {x.onnx}": (1, DEVICE),
    "doctor --embedder {x.onnx}": (1, DEVICE),
    "train {cast} --project {settings.toml}": (2, "settings.toml cannot be read"),
    "calibrate --far 0.05 --project {settings.toml}": (2, "settings.toml cannot be read"),
    "train {cast} --project {gallery.sqlite}": (2, DEVICE),
    "undo --project {gallery.sqlite}": (2, "gallery"),
    "train {cast} --project {calibration.json}": (2, DEVICE),
    "inspect --project {cache/face_recognition_model.personae}": (2, DEVICE),
    "train {cast} --project {cache/face_recognition_model.personae}": (2, DEVICE),
    "forget Hela --yes --project {notes.json}": (0, "forgotten: Hela"),
}


def make_bad(path: Path, kind: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


def draw(path: Path, person: str, take: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(person, 96)], take=take).pixels).save(path)


def draw_cast(folder: Path) -> Path:
    for person in ("Thor", "Loki", "Hela"):
        for take in (1, 2, 3):
            draw(folder / person / f"{take}.png", person, take)
    return folder


class Home:
    """A folder with everything that the commands need; `words` are the command's, with what stands in braces made."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.cast = draw_cast(folder / "cast")
        self.film = drawn_film(folder / "film.mp4", lambda n: scene(1, [("Thor", 90 + n, 120, 70)]), 30)

    def made(self, name: str) -> Path:
        """What `{name}` stands for."""
        here = self.folder / name
        if name in ("cast", "film"):
            return self.cast if name == "cast" else self.film
        if os.path.lexists(here):
            return here
        if name == "mixed":
            draw_cast(here)
            make_bad(here / "Thor" / "x.jpg", self.kind)
            return here
        if name == "strangers":
            draw(here / "1.png", "Odin", 1)
            make_bad(here / "x.jpg", self.kind)
            return here
        if name == "performers":
            draw_cast(here)
            make_bad(here / "performers.csv", self.kind)
            return here
        if name == "films":
            here.mkdir()
            shutil.copy(self.film, here / "a.mp4")
            make_bad(here / "b.mp4", self.kind)
            return here
        if name == "frames":
            make_bad(here / "1.png", self.kind)
            return here
        if "/" in name or Path(name).suffix in (".toml", ".sqlite", ".json"):  # a file of a project
            project = self.folder / f"project with {Path(name).name}"
            if not project.exists():
                shutil.copytree(self.folder / "personae", project)
                (project / name).unlink(missing_ok=True)
                make_bad(project / name, self.kind)
            return project
        return make_bad(here, self.kind)

    def words(self, command: str) -> list[str]:
        return [str(self.made(word[1:-1])) if word.startswith("{") else word for word in command.split()]


def run(commands: list[list[str]], folder: Path) -> dict[str, tuple[object, str]]:
    """Status and output by command line, from one process; a command that hangs has none, nor have those after it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", Path(__file__).parents[1] / "commands_target.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
        env={
            **os.environ, "PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake", "PERSONAE_PROJECT": "personae",
            "COLUMNS": "500",
        },
    )  # fmt: skip
    try:
        output, _ = process.communicate(json.dumps(commands), timeout=ENDLESS_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    rows = [json.loads(line) for line in output.splitlines()]
    return {" ".join(arguments): (status, said) for arguments, status, said in rows}


@pytest.fixture(scope="module", params=["pipe", pytest.param("endless", marks=pytest.mark.exhaustive)])
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, str]]:
    home = Home(tmp_path_factory.mktemp(request.param), request.param)
    trained = run([["train", str(home.cast)], ["scan", str(home.film)]], home.folder)
    assert all(status == 0 for status, _ in trained.values()), trained
    lines = {command: home.words(command) for command in ANSWERS}
    found = run(list(lines.values()), home.folder)
    return {command: found.get(" ".join(words), ("no answer", "")) for command, words in lines.items()}


@pytest.mark.parametrize("command", ANSWERS)
def test_every_command_refuses_it_with_a_sentence(command: str, answers: dict[str, tuple[object, str]]) -> None:
    status, said = answers[command]
    wanted, reason = ANSWERS[command]
    assert status == wanted and "Traceback" not in said, said
    assert any(part in said for part in reason.split("|")), said


@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_reading(tmp_path: Path, kind: str) -> None:
    bad = make_bad(tmp_path / "x.jpg", kind)
    for read in (open_input, read_whole, sha256_of):
        with pytest.raises(NotAFileError, match="device or pipe"):
            read(bad)
        with pytest.raises(IsADirectoryError, match="folder"):
            read(tmp_path)
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_whole(tmp_path / "link") == b"content"


def test_what_was_exchanged_between_looking_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"content")
    really = os.open

    def exchanged(name: Path, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return really(name, flags)

    monkeypatch.setattr(os, "open", exchanged)
    with pytest.raises(NotAFileError):
        open_input(path)
