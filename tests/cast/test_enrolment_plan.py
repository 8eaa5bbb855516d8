"""What a training has to do, as a table: what is known, what is wanted, what was decided -> the plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from personae.cast.characters import CharacterRow, Characters
from personae.cast.enrolment_plan import Known, Plan, Wanted, doubtful, plan, renamed_folders
from personae.cast.gallery_records import Enrolment, PhotoRecord
from personae.cast.placements import Placement, Placements
from personae.types import FloatArray, Reason
from tests.people import people

CAST = "/cast"


def known(
    path: str, digest: str, number: int, *, character: str = "", given: str = "", origin: str | None = CAST,
    reason: Reason | None = None, withdrawn_by: int | None = None, rules: str = "rules", look: str | None = None,
    faces: int = 1,
) -> PhotoRecord:  # fmt: skip
    """A photo that the gallery knows; `path` is "Thor/1.jpg" in the cast folder."""
    given = given or path.partition("/")[0]
    return PhotoRecord(
        "" if withdrawn_by else character or given, f"{CAST}/{path}", look, origin, digest,
        status="enrolled" if reason is None else "rejected", reason=reason, faces_found=faces, rules=rules,
        given=given, withdrawn_by=withdrawn_by, id=number,
    )  # fmt: skip


def file(path: str, digest: str, *, given: str = "", look: str | None = None) -> PhotoRecord:
    """A photo that is wanted, as its file is now."""
    given = given or path.partition("/")[0]
    return PhotoRecord(given, f"{CAST}/{path}", look, CAST, digest, given=given, rules="rules")


@dataclass
class Case:
    known: list[PhotoRecord]
    wanted: list[PhotoRecord]
    placements: list[Placement] = field(default_factory=list)
    rows: list[CharacterRow] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    origin: str | None = CAST
    outliers: bool = True
    uncopied: set[int] = field(default_factory=set)
    # What comes of it
    look_at: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    move: list[tuple[str, str]] = field(default_factory=list)
    take_out: list[int] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)


def shown(record: PhotoRecord) -> str:
    """Whose a photo becomes, and where it lies."""
    return f"{record.character}: {record.path.removeprefix(CAST + '/')}"


ROWS = [CharacterRow("id-t", "Thor"), CharacterRow("id-l", "Loki")]
T0, T1, L0 = known("Thor/0.jpg", "t0", 1), known("Thor/1.jpg", "t1", 2), known("Loki/0.jpg", "l0", 3)
FT0, FT1, FL0 = file("Thor/0.jpg", "t0"), file("Thor/1.jpg", "t1"), file("Loki/0.jpg", "l0")

CASES = {
    "nothing is known": Case([], [FT0, FL0], look_at=["Thor: Thor/0.jpg", "Loki: Loki/0.jpg"], added=2),
    "nothing has changed": Case([T0, T1, L0], [FT0, FT1, FL0], unchanged=3),
    "a new photo": Case([T0], [FT0, FT1], look_at=["Thor: Thor/1.jpg"], added=1, unchanged=1),
    "its content has changed": Case([T0], [file("Thor/0.jpg", "new")], look_at=["Thor: Thor/0.jpg"], changed=1),
    "it has vanished": Case([T0, T1], [FT0], gone=["Thor/1.jpg"], take_out=[2], unchanged=1),
    "it vanished from another folder's cast": Case([replace(T1, origin="/other"), T0], [FT0], unchanged=1),
    "photos are only added": Case([T0, T1], [FT0], origin=None, unchanged=1, move=[]),
    "the file is called otherwise": Case(
        [T0], [file("Thor/x.jpg", "t0")], gone=["Thor/0.jpg"], move=[("Thor/0.jpg", "Thor: Thor/x.jpg")], unchanged=1
    ),
    "a copy of the file, which is still there": Case(
        [T0], [FT0, file("Thor/x.jpg", "t0")], look_at=["Thor: Thor/x.jpg"], added=1, unchanged=1
    ),
    "it moved into a look": Case(
        [T0], [file("Thor/old/0.jpg", "t0", look="old")], gone=["Thor/0.jpg"],
        move=[("Thor/0.jpg", "Thor: Thor/old/0.jpg")], unchanged=1,
    ),
    "it moved to another character": Case(
        [T0, T1, L0], [FT1, FL0, file("Loki/x.jpg", "t0")], gone=["Thor/0.jpg"], look_at=["Loki: Loki/x.jpg"],
        take_out=[1], added=1, unchanged=2,
    ),
    "two files swap their names": Case(
        [T0, T1], [file("Thor/0.jpg", "t1"), file("Thor/1.jpg", "t0")],
        look_at=["Thor: Thor/0.jpg", "Thor: Thor/1.jpg"], changed=2,
    ),
    "a person took it out": Case(
        [known("Thor/0.jpg", "t0", 1, withdrawn_by=5), T1], [FT0, FT1], [Placement(5, "id-t", "t0", None)],
        move=[("Thor/0.jpg", "Thor: Thor/0.jpg")], unchanged=1, notes=["1 photo of Thor is left out"],
    ),
    "taken out before it was ever seen": Case(
        [T1], [FT0, FT1], [Placement(5, "id-t", "t0", None)], unchanged=1, notes=["1 photo of Thor is left out"]
    ),
    "taken out, and gone": Case(
        [known("Thor/0.jpg", "t0", 1, withdrawn_by=5), T1], [FT1], [Placement(5, "id-t", "t0", None)],
        gone=["Thor/0.jpg"], take_out=[1], unchanged=1,
    ),
    "the character was renamed": Case(
        [known("Tor/0.jpg", "t0", 1, character="Thor")], [file("Tor/0.jpg", "t0"), file("Tor/1.jpg", "t1")],
        rows=[CharacterRow("id-t", "Thor", ("Tor",))], look_at=["Thor: Tor/1.jpg"], added=1, unchanged=1,
        notes=["2 photos of Tor are enrolled as Thor"],
    ),
    "renamed, and the folder followed": Case(
        [known("Tor/0.jpg", "t0", 1, character="Thor")], [FT0], rows=[CharacterRow("id-t", "Thor", ("Tor",))],
        gone=["Tor/0.jpg"], move=[("Tor/0.jpg", "Thor: Thor/0.jpg")], unchanged=1,
    ),
    "split off": Case(
        [known("Thor/0.jpg", "t0", 1, character="Loki"), T1], [FT0, FT1], [Placement(5, "id-t", "t0", "id-l")],
        unchanged=2, notes=["1 photo of Thor is enrolled as Loki"],
    ),
    "one file under two names that are one character now": Case(
        [T0], [FT0, file("Thor/0.jpg", "t0", given="Loki")], [Placement(5, "id-l", None, "id-t")], unchanged=1,
        notes=["1 photo of Loki is enrolled as Thor"],
    ),
    "one file under two names": Case(
        [], [FT0, file("Thor/0.jpg", "t0", given="Loki")], look_at=["Thor: Thor/0.jpg", "Loki: Thor/0.jpg"], added=2
    ),
    "enrolled by hand, and now in a folder too": Case([replace(T0, origin=None)], [FT0], unchanged=1, move=[
        ("Thor/0.jpg", "Thor: Thor/0.jpg")]),
    "the cast's folder is another one": Case(
        [replace(T0, path="/moved/Thor/0.jpg", origin="/moved")], [FT0], gone=["/moved/Thor/0.jpg"],
        move=[("/moved/Thor/0.jpg", "Thor: Thor/0.jpg")], unchanged=1,
    ),
    "an ambiguous photo, and new ones that may tell": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.AMBIGUOUS_FACES)], [FT0, FT1], again=["Thor: Thor/0.jpg"],
        look_at=["Thor: Thor/1.jpg"], added=1, unchanged=1,
    ),
    "an ambiguous photo, and nothing new": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.AMBIGUOUS_FACES)], [FT0], unchanged=1
    ),
    "a duplicate whose first is gone": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.DUPLICATE), T1], [FT0], gone=["Thor/1.jpg"],
        again=["Thor: Thor/0.jpg"], take_out=[2], unchanged=1,
    ),
    "rejected by other thresholds": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.BLURRY, rules="stricter"), T1], [FT0, FT1],
        again=["Thor: Thor/0.jpg"], unchanged=2,
    ),
    "rejected by the same thresholds": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.BLURRY), T1], [FT0, FT1], unchanged=2
    ),
    "an outlier, and nobody looks for outliers any more": Case(
        [known("Thor/0.jpg", "t0", 1, reason=Reason.OUTLIER)], [FT0], outliers=False, again=["Thor: Thor/0.jpg"],
        unchanged=1,
    ),
    "an outlier of another folder, and new photos": Case(
        [known("Loki/0.jpg", "l0", 3, reason=Reason.OUTLIER, origin="/other")], [FT0], elsewhere=["Loki: Loki/0.jpg"],
        look_at=["Thor: Thor/0.jpg"], added=1,
    ),
    "an outlier of another folder that is gone": Case(
        [known("Loki/0.jpg", "l0", 3, reason=Reason.OUTLIER, origin="/other")], [FT0], gone=["Loki/0.jpg"],
        look_at=["Thor: Thor/0.jpg"], added=1,
    ),
    "an outlier of another folder, and nothing new": Case(
        [known("Loki/0.jpg", "l0", 3, reason=Reason.OUTLIER, origin="/other"), T0], [FT0], unchanged=1
    ),
    "its small copies were never made": Case([T0], [FT0], uncopied={1}, again=["Thor: Thor/0.jpg"], unchanged=1),
    "a file that cannot be read any more": Case(
        [T0], [file("Thor/0.jpg", "")], look_at=["Thor: Thor/0.jpg"], changed=1
    ),
}  # fmt: skip


def planned(case: Case) -> Plan:
    decided = Characters(case.rows or ROWS, Placements(case.placements))
    gone = frozenset(path if path.startswith("/") else f"{CAST}/{path}" for path in case.gone)
    wanted = [replace(photo, origin=case.origin) for photo in case.wanted]
    if case.origin is None:
        case.move = [(shown(photo).partition(": ")[2], shown(photo)) for photo in wanted]
    return plan(
        Known(tuple(case.known), gone, frozenset(case.uncopied)),
        Wanted(tuple(wanted), case.origin, "rules", case.outliers),
        decided,
    )


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_what_the_table_says(name: str) -> None:
    case = CASES[name]
    found = planned(case)
    assert [shown(each) for each in found.look_at] == case.look_at
    assert [shown(each) for each in found.again] == case.again
    assert [shown(each) for each in found.elsewhere] == case.elsewhere
    assert [(old.path.removeprefix(CAST + "/"), shown(now)) for old, now in found.move] == case.move
    assert [each.id for each in found.take_out] == case.take_out
    assert (len(found.added), len(found.changed), found.unchanged) == (case.added, case.changed, case.unchanged)
    assert [note.partition(", as you decided")[0] for note in found.notes] == case.notes
    ids = {row.name: row.id for row in case.rows or ROWS}
    assert all(each.character_id == ids[each.character] for each in (*found.look_at, *found.again))


def test_what_was_enrolled_by_hand_stays_so_in_a_folder() -> None:
    found = planned(CASES["enrolled by hand, and now in a folder too"])
    assert [now.origin for _, now in found.move] == [None]


def test_a_plan_is_of_its_values_alone() -> None:
    for case in CASES.values():
        assert planned(case) == planned(case)


def enrolment(vectors: FloatArray, characters: list[str]) -> Enrolment:
    n = len(vectors)
    ones = np.ones(n, np.float32)
    paths = [f"{CAST}/{i}.jpg" for i in range(n)]
    return Enrolment(vectors, characters, [None] * n, paths, [*range(n)], ones, ones, np.empty((n, 0, 128), np.float32))


def test_a_face_chosen_among_several_is_doubted_where_it_agrees_with_nobody() -> None:
    thor, loki = people(2, 3, seed=1)
    records = tuple(known(f"Thor/{i}.jpg", str(i), i, faces=2 if i in (0, 3) else 1) for i in range(4))
    everything = Known(records, enrolment=enrolment(np.stack([*thor, loki[0]]), ["Thor"] * 4))
    assert doubtful(everything) == {3}, "0 was chosen too, and agrees"
    assert doubtful(everything, without={0, 1, 2}) == set(), "nothing is left that it could disagree with"
    assert doubtful(Known(records)) == set()


@pytest.mark.parametrize(
    ("wanted", "gone", "found"),
    [
        ([file("Odin/0.jpg", "t0"), file("Odin/1.jpg", "t1")], ["Thor/0.jpg", "Thor/1.jpg"], {"Odin": "Thor"}),
        ([file("Odin/0.jpg", "t0"), file("Odin/9.jpg", "x")], ["Thor/0.jpg", "Thor/1.jpg"], {}),  # half is not most
        ([file("Odin/0.jpg", "t0"), file("Odin/1.jpg", "t1")], ["Thor/0.jpg"], {}),  # copied, not renamed
        ([file("Loki/0.jpg", "t0"), file("Loki/1.jpg", "t1")], ["Thor/0.jpg", "Thor/1.jpg"], {}),  # not a new name
        ([file("Odin/0.jpg", "t0"), file("Odin/1.jpg", "t1"), FT0], ["Thor/0.jpg", "Thor/1.jpg"], {}),
    ],
)
def test_a_renamed_folder_is_known_by_its_photos(
    wanted: list[PhotoRecord], gone: list[str], found: dict[str, str]
) -> None:
    missing = frozenset(f"{CAST}/{path}" for path in gone)
    asked = Wanted(tuple(wanted), CAST)
    decided = Characters(ROWS, Placements())
    assert renamed_folders(Known((T0, T1), missing), asked, decided) == found
    assert renamed_folders(Known((T0, T1), missing), replace(asked, origin=None), decided) == {}
