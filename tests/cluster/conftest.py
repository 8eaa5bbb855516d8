"""What the live tests share: clips, a trained project, the timelines that one machine makes, a PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from personae.cluster.table import PieceTable
from personae.project.recognizer import CharacterRecognizer
from tests.cluster.engine import OWN
from tests.cluster.live import PostgreSQL, clips_in
from tests.drawn_films import drawn_recognizer

CLIPS = 12


@dataclass(frozen=True)
class World:
    """Clips of known people, a trained project, and the timelines of one machine by the name of the clip."""

    media: Path
    clips: list[Path]
    trained: Path
    alone: dict[str, str]

    def project(self, folder: Path) -> Path:
        """A project with the same model, in which nothing was scanned."""
        return Path(shutil.copytree(self.trained, folder / "project"))


def world_of(folder: Path, count: int) -> World:
    clips = clips_in(folder / "media", count)
    drawn_recognizer(folder)
    alone_in = Path(shutil.copytree(folder / "project", folder / "alone"))
    recognizer = CharacterRecognizer(alone_in, settings=OWN)
    from personae.project.film import ProjectFilms

    films = ProjectFilms(recognizer.context)
    for clip in clips:
        films.scan(clip, folder / "alone-out")
    return World(folder / "media", clips, folder / "project", timelines(folder / "alone-out"))


def timelines(out: Path) -> dict[str, str]:
    """The native timelines in a folder of results, by the film's name."""
    return {path.name: path.read_text(encoding="utf-8") for path in out.rglob("*.timeline.json")}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(tmp_path_factory.mktemp("world"), CLIPS)


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[PostgreSQL]:
    found = PostgreSQL()
    yield found
    found.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Of a table of pieces in a file of SQLite."""
    return f"sqlite:///{tmp_path / 'pieces.db'}"


@pytest.fixture
def table(address: str) -> Iterator[PieceTable]:
    found = PieceTable.at(address)
    yield found
    found.close()


@pytest.fixture
def postgresql(running_postgresql: PostgreSQL) -> PostgreSQL:
    running_postgresql.empty()
    return running_postgresql
