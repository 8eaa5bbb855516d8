"""A large project made of a small one: as many films, sets of photos and people without a name as the page has to bear.

    python -m benchmarks.page.big SCANNED OUT [--films 500] [--photos 50000]

SCANNED: a project with a cast and one scanned film. Each film of OUT has that film's tracks with other faces: their
embeddings are turned by a rotation of its own, so that nobody is in two films. Ten of a thousand photos, and some of
each film's people, have no name. The photos themselves do not exist, as where an archive's disk is not at hand.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from personae import archive
from personae.cast.cast import Cast
from personae.films import photo_naming, say
from personae.films.faces_file import Kept, StoredPhoto
from personae.project.session import Project
from personae.timeline.appearances import Label
from personae.timeline.decisions import Decisions
from personae.timeline.records import SCHEMA
from personae.types import AnalyzedFaces, Quality

UNNAMED = 9
"""So many people of each film have no name."""
OF_A_SET = 1000
UNNAMED_OF_A_SET = 10
TRACKS = "film.tracks"


def make(scanned: Path, out: Path, *, films: int, photos: int) -> None:
    """Write the project."""
    shutil.copytree(scanned, out)
    rng = np.random.default_rng(1)
    with Project.open(out) as project:
        card, names, embedder = _films(project, films, rng)
        ids = {name: id for id, name in project.cast.names().items()}
        number = 0
        for at in range(photos // OF_A_SET):
            number = _set(project, at, number, rng, [(name, ids.get(name)) for name in names], card, embedder)


def _films(project: Project, count: int, rng: np.random.Generator) -> tuple[dict[str, Any], list[str], str]:
    name = project.films.names()[0]
    with project.films[name] as film:
        rows = film.timeline.characters
        unknown = [row.unknown for row in rows if row.unknown is not None]
        for number in unknown[UNNAMED:]:
            film.decide(say.stranger(f"Unknown {number}"))
        card = {key: value for key, value in (film.timeline.model or {}).items() if key != "film"}
    folder = project.folder / "films" / name
    arrays, facts = archive.read(folder / TRACKS, schema=SCHEMA)
    d = arrays["embeddings"].shape[1]
    for number in range(1, count):
        to = folder.parent / f"Season {number // 20 + 1} episode {number % 20 + 1:02d}"
        shutil.copytree(folder, to)
        rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
        turned = (arrays["embeddings"] @ rotation.astype(np.float32)).astype(np.float32)
        archive.write(to / TRACKS, {**arrays, "embeddings": turned}, facts, schema=SCHEMA)
        os.utime(to / "film.timeline.json")
    names = [row.character for row in rows if row.character is not None]
    return card, names, str(facts["fingerprint"]["embedder"])


def _set(
    project: Project, at: int, number: int, rng: np.random.Generator, cast: list[tuple[str, str | None]],
    card: dict[str, Any], embedder: str,
) -> int:  # fmt: skip
    """One set of photos; the highest number of somebody unknown after it."""
    photos, labels, unknown = list[StoredPhoto](), list[Label](), list[int | None]()
    for own in range(OF_A_SET):
        photos.append(StoredPhoto(f"{own // 100}/IMG_{own:05d}.jpg", f"{at:032x}{own:032x}", _face(rng, embedder)))
        if own < UNNAMED_OF_A_SET:
            number += 1
            labels.append(Label(None, number, 0.1, 0.02))
            unknown.append(number)
        else:
            name, id = cast[own % len(cast)]
            labels.append(Label(name, None, 0.6, 0.99, character_id=id))
            unknown.append(None)
    groups = np.arange(OF_A_SET, dtype=np.int64) + at * OF_A_SET
    kept = Kept(
        f"/photos/holiday {at + 1}", embedder, tuple(photos), groups, tuple(labels), tuple(unknown), number, card
    )
    store = project.photos.store
    files = store.reserve(kept.root, f"Holiday {at + 1}")
    store.write(files, kept, photo_naming.decided(kept, Decisions(()), Cast(project.context).names_of_today()))
    return number


def _face(rng: np.random.Generator, embedder: str) -> AnalyzedFaces:
    one = np.ones(1, np.float32)
    embedding = rng.normal(size=(1, 128)).astype(np.float32)
    return AnalyzedFaces(
        np.array([[100, 100, 220, 240]], np.float32),
        np.array([[[130, 150], [190, 150], [160, 180], [135, 210], [185, 210]]], np.float32),
        one * 0.95, embeddings=embedding / np.linalg.norm(embedding), embedder=embedder, size_wh=(800, 600),
        quality=Quality(one * 120, one * 0.5, one * 120, one * 0, one * 0.9, ((),)),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scanned", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--photos", type=int, default=50_000)
    given = parser.parse_args()
    make(given.scanned, given.out, films=given.films, photos=given.photos)


if __name__ == "__main__":
    main()
