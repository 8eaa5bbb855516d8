"""How good the suggestions for unknown people are, on films with exact truth and casts of one photo each.

    python -m benchmarks.suggestions MADE MADE [--keep FOLDER] [--half 1] [--draws 200] [--json FILE]

MADE: what `make_film` wrote, two or more films of the same people. Each is scanned once (into FOLDER/NAME with --keep).
Then casts are drawn: 4, 8, 16 or 32 of the enrolled people with one of their photos each. Each names all the films
anew, and whom it leaves unknown gets suggestions, from the films together, as `personae people` gives them.

Of the people left unknown (most of whose tracks lie on true faces of one person): of the cast's, the share with the
right name among the first three suggestions; of all suggestions of probability .8 and more, the share that is right, a
name or another unknown person; how often those that were brought together over films are one; and for each step of
probability the share that is right. 95 % intervals by a bootstrap over people.

`--half`: only people of this half (0 or 1, by a fixed drawing) are cast and counted, so that what was chosen on one
half is tested on people whom nobody looked at. The weights in `timeline/likely.py` were fitted to the films of seeds 0
and 1 with half 0, by maximum likelihood; half 1 with seeds 2 and 3 was set aside first and looked at once.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.film.accuracy import placed
from personae.cast.gallery import Gallery
from personae.cast.gallery_records import Enrolment
from personae.cast.trained import TrainedModel
from personae.cast.training import fit_enrolment
from personae.films import scan
from personae.films.seen_people import Shown
from personae.films.suggesting import suggested
from personae.films.tracks_file import Scanned, read_beside
from personae.films.unknown_person import Part
from personae.project.recognizer import CharacterRecognizer
from personae.settings import Settings
from personae.timeline.grouping import on_screen_together
from personae.timeline.likely import People
from personae.timeline.person import Key
from tests.scanning import scan_film

SIZES = (4, 8, 16, 32)
SURE = 0.8
FIRST = 3
STEPS = (0.01, 0.05, 0.2, 0.5, 0.8, 1.0)
DRAWS = 1000


@dataclass(frozen=True, eq=False)
class MadeFilm:
    """A film as it was scanned, who each track truly is (None: nobody one can tell), and its cast's photos."""

    name: str
    scanned: Scanned
    who: tuple[str | None, ...]
    enrolled: Enrolment
    embedder: str


@dataclass(frozen=True)
class Said:
    """One suggestion. `of`: who the person truly is; `kind`: "name", "other", or "joined" for a part that was."""

    of: str
    kind: str
    probability: float
    right: bool


@dataclass(frozen=True)
class Left:
    """One person of the cast left unknown. `rank`: of the right name among the suggestions, from 0; -1: not there."""

    of: str
    size: int
    rank: int


def made_film(made: Path, keep: Path) -> MadeFilm:
    """Scan one film, or read its scan in `keep`."""
    truth = json.loads((made / "truth.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        recognizer = CharacterRecognizer(Path(folder) / "project")
        recognizer.train_folder(made / "cast")
        timeline = scan_film(made / truth["film"], recognizer, keep).timeline
        with Gallery.open(recognizer.project.gallery, embedder=None) as gallery:
            enrolled = gallery.enrolled()
    scanned = read_beside(keep / "film.timeline.json")
    of = {one.track: one.who for one in placed(truth, timeline)}
    who = tuple(of.get(number) for number in range(1, len(timeline.tracks) + 1))
    return MadeFilm(made.name, scanned, who, enrolled, str(scanned.fingerprint["embedder"]))


def drawn_cast(films: Sequence[MadeFilm], people: Sequence[str], size: int, rng: np.random.Generator) -> Enrolment:
    """`size` of the people, or all, with one photo each, of any film's cast."""
    names = [str(name) for name in rng.choice(list(people), min(size, len(people)), replace=False)]
    rows: list[Enrolment] = []
    for name in sorted(names):
        photos = [one.enrolled[[at]] for one in films for at, own in enumerate(one.enrolled.characters) if own == name]
        rows.append(photos[int(rng.integers(len(photos)))])
    return Enrolment(
        np.concatenate([one.embeddings for one in rows]), [one.characters[0] for one in rows],
        [one.looks[0] for one in rows], [one.paths[0] for one in rows], list(range(len(rows))),
        np.concatenate([one.face_px for one in rows]), np.concatenate([one.quality for one in rows]),
        np.concatenate([one.copies for one in rows]),
    )  # fmt: skip


def shown(film: MadeFilm, model: Any) -> tuple[Shown, dict[int, str]]:
    """The film's people as this model names them, and who each unknown person truly is, where one can tell."""
    records, groups = film.scanned.watched.records, film.scanned.groups
    assert groups is not None
    found = scan.identify_tracks(film.scanned.watched, groups, model, Settings())
    keys: dict[Key, int] = {}
    owner = np.full(len(records), -1, np.int64)
    for at, person in enumerate(found.person.tolist()):
        if person >= 0:
            name = found.character[person]
            key = (name, None) if name is not None else (None, person + 1)
            owner[at] = keys.setdefault(key, len(keys))
    track = np.repeat(np.arange(len(records)), [len(one.weights) for one in records])
    people = People.of(
        np.concatenate([one.embeddings for one in records]), np.concatenate([one.weights for one in records]),
        np.concatenate([one.face_px for one in records]), track, owner[track], len(keys), film.embedder,
    )  # fmt: skip
    apart = np.zeros((len(keys), len(keys)), bool)
    pairs = owner[on_screen_together(records)]
    pairs = pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
    apart[pairs[:, 0], pairs[:, 1]] = apart[pairs[:, 1], pairs[:, 0]] = True
    truth, parts = {}, []
    for (_, unknown), at in keys.items():
        parts.append(None if unknown is None else Part(film.name, "film", unknown, int((owner == at).sum())))
        true = Counter(film.who[one] for one in np.flatnonzero(owner == at) if film.who[one] is not None)
        if unknown is not None and true:
            truth[unknown] = str(true.most_common(1)[0][0])
    nobody: frozenset[str] = frozenset()
    return (
        Shown(film.name, "film", tuple(keys), tuple(parts), people, film.embedder, apart, (nobody,) * len(keys)),
        truth,
    )


def measured(
    films: Sequence[MadeFilm], people: Sequence[str], aside: set[str], draws: int, seed: int
) -> tuple[list[Left], list[Said]]:
    """Casts of `people` drawn and named; who is `aside` counts neither way."""
    rng = np.random.default_rng(seed)
    left: list[Left] = []
    said: list[Said] = []
    for _ in range(draws):
        cast = drawn_cast(films, people, int(rng.choice(SIZES)), rng)
        model, _ = fit_enrolment(cast, Settings(), films[0].embedder)
        each = [shown(film, model) for film in films]
        truth = {(one.medium, unknown): who for one, own in each for unknown, who in own.items()}
        for person in suggested([one for one, _ in each], TrainedModel(model, {"embedder": films[0].embedder})):
            true = [truth.get((part.medium, part.unknown)) for part in person.parts]
            who = true[0]
            if who is None or who in aside:
                continue
            said += [Said(who, "joined", 1.0, other == who) for other in true[1:] if other is not None]
            names = [one.character for one in person.suggestions]
            if who in cast.characters:
                left.append(Left(who, len(cast), names.index(who) if who in names else -1))
            for one in person.suggestions:
                other = None if one.other is None else truth.get((one.other.medium, one.other.unknown))
                if one.character is not None:
                    said.append(Said(who, "name", one.probability, one.character == who))
                elif other is not None and other not in aside:
                    said.append(Said(who, "other", one.probability, other == who))
    return left, said


def share(items: Sequence[Any], is_right: Callable[[Any], bool]) -> dict[str, Any]:
    """The share that is right, with its 95 % interval by a bootstrap over people."""
    whose: dict[str, list[bool]] = {}
    for one in items:
        whose.setdefault(one.of, []).append(is_right(one))
    if not items:
        return {"of": 0, "people": 0, "share": None, "interval": None}
    counts = np.array([[sum(own), len(own)] for own in whose.values()], float)
    drawn = np.random.default_rng(0).integers(0, len(counts), (DRAWS, len(counts)))
    sums = counts[drawn].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    whole = counts.sum(axis=0)
    return {"of": len(items), "people": len(counts), "share": whole[0] / whole[1], "interval": [low, high]}


def figures(left: Sequence[Left], said: Sequence[Said]) -> dict[str, Any]:
    """All figures, as JSON types."""
    offered = [one for one in said if one.kind != "joined"]
    result = {
        "right name among the first three": share(left, lambda one: 0 <= one.rank < FIRST),
        "right name first": share(left, lambda one: one.rank == 0),
        "suggestions of .8 and more": share([o for o in offered if o.probability >= SURE], lambda one: one.right),
        "of these, names": share(
            [o for o in offered if o.probability >= SURE and o.kind == "name"], lambda one: one.right
        ),
        "of these, other unknown people": share(
            [o for o in offered if o.probability >= SURE and o.kind == "other"], lambda one: one.right
        ),
        "brought together over films": share([o for o in said if o.kind == "joined"], lambda one: one.right),
    }
    for low, high in pairwise(STEPS):
        own = [o for o in offered if low <= o.probability < high]
        mean = float(np.mean([o.probability for o in own])) if own else 0.0
        result[f"from {low:g} to {high:g}, said {mean:.2f}"] = share(own, lambda one: one.right)
    for size in SIZES:
        own_left = [one for one in left if one.size == size]
        result[f"cast of {size}: among the first three"] = share(own_left, lambda one: 0 <= one.rank < FIRST)
    return result


def halves(films: Sequence[MadeFilm]) -> tuple[list[str], list[str]]:
    """The films' people in two halves, by a fixed drawing; who has one photo only is in neither."""
    names = sorted({who for film in films for who in film.who if who is not None and not who.startswith("stranger ")})
    names = [names[int(at)] for at in np.random.default_rng(12).permutation(len(names))]
    return names[: len(names) // 2], names[len(names) // 2 :]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", type=Path, nargs="+")
    parser.add_argument("--keep", type=Path, help="where the scans are left")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        keep = given.keep or Path(folder)
        films = [made_film(made, keep / made.name) for made in given.made]
        films = [
            film if film.scanned.groups is not None else replace(
                film, scanned=replace(film.scanned, groups=scan.group_tracks(film.scanned.watched, film.embedder)))
            for film in films
        ]  # fmt: skip
    enrolled = {name for film in films for name in film.enrolled.characters}
    people = halves(films)
    cast = sorted(enrolled if given.half is None else enrolled & set(people[given.half]))
    aside = set() if given.half is None else set(people[1 - given.half])
    result = figures(*measured(films, cast, aside, given.draws, given.seed))
    for what, row in result.items():
        if row["share"] is not None:
            low, high = row["interval"]
            print(f"{what}: {row['share']:.3f} ({low:.3f} to {high:.3f}) of {row['of']}, {row['people']} people")
    if given.json is not None:
        about = {"films": [film.name for film in films], "half": given.half, "draws": given.draws, "seed": given.seed}
        given.json.write_text(json.dumps({"about": about, **result}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
