"""The journal's file: durable, whole or not at all, repaired after a kill; other files merged; old ones read."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import personae
from personae.checks import Fields, MisfitError
from personae.errors import DamagedFileError, ForeignFileError, InputError, StoreError, TooNewError, WriteError
from personae.films import journal
from personae.films.film_files import FilmFiles
from personae.timeline import decision_rows, native
from personae.timeline.decisions import KINDS, Decision, Decisions, Part, with_ids
from personae.timeline.person import Person
from tests.forged import Missing, changed

SAMPLE = Path(__file__).parent.parent / "samples" / "film-1"
VIDEO = native.read(SAMPLE / "film.timeline.json").video
PLACE = (1.0, 0.1, 0.1, 0.2, 0.3)


def said(name: str, request: str, count: int = 1) -> tuple[Decision, ...]:
    """What one command decided."""
    return with_ids(
        Decision("give", (Part(Person(unknown=1), (PLACE,)),), Person(name), by="Ada", at="2026-02-03T04:05:06Z",
                 on=number, request=request)
        for number in range(count)
    )  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> FilmFiles:
    return FilmFiles(tmp_path, "film")


def test_what_is_appended_is_read_in_order(files: FilmFiles) -> None:
    assert journal.read(files, VIDEO).entries == () and not files.decisions.exists()
    first, second = said("Thor", "a"), said("Løki \n\u2028 x", "b", 2)
    journal.append(files, VIDEO, first)
    after = journal.append(files, VIDEO, second)
    assert after == journal.read(files, VIDEO) and after.entries == first + second
    header, *rows = files.decisions.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert json.loads(header) == {
        "schema": "personae/decisions/1",
        "film": {"content_id": VIDEO.content_id, "path": "/films/film.mp4", "size": [320, 240]},
    }
    assert [json.loads(row)["id"] for row in rows] == [one.id for one in after.entries]


def test_the_same_request_is_one_entry(files: FilmFiles) -> None:
    journal.append(files, VIDEO, said("Thor", "a", 2))
    content = files.decisions.read_bytes()
    journal.append(files, VIDEO, said("Thor", "a", 2))
    journal.append(files, VIDEO, replace_id(said("Loki", "a")))
    assert files.decisions.read_bytes() == content
    assert len(journal.read(files, VIDEO).of_request("a")) == 2


def replace_id(made: tuple[Decision, ...]) -> tuple[Decision, ...]:
    return tuple(replace(one, id=f"another {one.id}") for one in made)


@pytest.mark.parametrize("to", [Person(unknown=-1), Person(""), Person("A", None, ""), Person("a\ud800")])
def test_nothing_is_written_that_cannot_be_read(files: FilmFiles, to: Person) -> None:
    for before in (None, *said("Thor", "a")):
        if before is not None:
            journal.append(files, VIDEO, [before])
        content = files.decisions.read_bytes() if before is not None else None
        with pytest.raises(InputError, match="nothing was"):
            journal.append(files, VIDEO, [*said("Loki", "b"), replace(said("Loki", "b")[0], id="x", to=to)])
        assert (files.decisions.read_bytes() if files.decisions.exists() else None) == content


def test_blank_lines_say_nothing(files: FilmFiles) -> None:
    made = said("Thor", "a", 2)
    journal.append(files, VIDEO, made)
    files.decisions.write_bytes(files.decisions.read_bytes().replace(b"\n", b"\n\n") + b" \r\n")
    assert journal.read(files, VIDEO).entries == made
    assert journal.append(files, VIDEO, said("Loki", "b")).entries == journal.read(files, VIDEO).entries
    assert len(journal.read(files, VIDEO).entries) == 3


def test_nothing_appended_makes_no_file(files: FilmFiles) -> None:
    assert journal.append(files, VIDEO, ()).entries == () and not files.decisions.exists()


def test_a_kill_at_any_byte_of_an_append_leaves_all_or_nothing_of_it(files: FilmFiles) -> None:
    journal.append(files, VIDEO, said("Thor", "a"))
    before = files.decisions.read_bytes()
    journal.append(files, VIDEO, said("Loki", "b", 3))
    whole = files.decisions.read_bytes()
    for length in range(len(before), len(whole) + 1):
        files.decisions.write_bytes(whole[:length])
        entries = journal.read(files, VIDEO).entries
        assert len(entries) == (4 if length == len(whole) else 1), length
        if length % 25 == 0 or length == len(whole) - 1:
            after = journal.append(files, VIDEO, said("Hela", "c"))
            assert [one.request for one in after.entries] == ["a", "c"]
            assert journal.read(files, VIDEO) == after, "what was torn is gone"
            assert files.decisions.read_bytes().startswith(before)


def test_an_append_is_on_the_disk_when_it_returns(files: FilmFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    synced: list[str] = []

    def sync(handle: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", sync)
    journal.append(files, VIDEO, said("Thor", "a"))
    assert synced == ["file", "folder"]
    journal.append(files, VIDEO, said("Thor", "b"))
    assert synced == ["file", "folder", "file"]


def test_an_append_that_fails_leaves_what_was_there(files: FilmFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    journal.append(files, VIDEO, said("Thor", "a"))
    before = files.decisions.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError):
        journal.append(files, VIDEO, said("Loki", "b"))
    assert files.decisions.read_bytes() == before


@pytest.mark.skipif(not hasattr(stat, "S_IRWXU"), reason="no permissions here")
def test_a_journal_in_a_project_is_for_its_owner_alone(tmp_path: Path) -> None:
    for private in (True, False):
        own = FilmFiles(tmp_path / str(private), "film", private=private)
        journal.append(own, VIDEO, said("Thor", "a"))
        assert (own.decisions.stat().st_mode & 0o077 == 0) == private


def test_the_file_of_an_earlier_version_is_read_and_becomes_a_part_of_the_journal(files: FilmFiles) -> None:
    files.edits.write_bytes((SAMPLE / "film.edits.json").read_bytes())
    old = journal.read(files, VIDEO)
    assert [(one.kind, one.by, one.at) for one in old.entries] == [
        ("name", "Ada", "2026-11-28T20:34:57Z"), ("not", "Ada", "2026-11-28T20:34:57Z"),
        ("depicted", "Ada", "2026-11-28T20:34:57Z"),
    ]  # fmt: skip
    assert old.entries[0].to == Person("Hela") and old.entries[1].who == Person("Loki")
    assert files.edits.exists() and not files.decisions.exists(), "who only reads changes nothing"
    after = journal.append(files, VIDEO, said("Thor", "a"))
    assert after.entries[:3] == old.entries and not files.edits.exists()
    assert journal.read(files, VIDEO) == after


def test_an_old_file_beside_a_journal_is_merged_and_never_lost(files: FilmFiles) -> None:
    """A kill between the two steps of the upgrade, or somebody who put it there."""
    files.edits.write_bytes((SAMPLE / "film.edits.json").read_bytes())
    journal.append(files, VIDEO, said("Thor", "a"))
    files.edits.write_bytes((SAMPLE / "film.edits.json").read_bytes())
    assert len(journal.read(files, VIDEO).entries) == 4, "each once"
    files.edits.write_bytes((SAMPLE / "sheet.json").read_bytes())
    assert [one.by for one in journal.read(files, VIDEO).entries] == ["Ada", "Ada", "Ada", "Ada", "Grace"]
    journal.append(files, VIDEO, said("Loki", "b"))
    assert [one.by for one in journal.read(files, VIDEO).entries][4:] == ["Grace", "Ada"] and not files.edits.exists()


def test_files_of_others_are_merged_each_decision_once(files: FilmFiles, tmp_path: Path) -> None:
    journal.append(files, VIDEO, said("Thor", "a"))
    other = FilmFiles(tmp_path / "other", "film")
    journal.append(other, VIDEO, said("Thor", "a") + said("Loki", "b"))
    for _ in range(2):
        journal.imported(files, VIDEO, other.decisions, request="import")
        found = journal.imported(files, VIDEO, SAMPLE / "sheet.json", request="sheet")
    assert [(one.request, one.imported) for one in found.entries] == [("a", ""), ("b", "import"), ("", "sheet")]
    assert found == journal.read(files, VIDEO)
    assert len(journal.read(other, VIDEO).entries) == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"kind": "asleep"}, TooNewError), ({"kind": 3}, DamagedFileError), ({"parts": []}, DamagedFileError),
        ({"parts": [{"who": None, "places": [[1, 2]]}]}, DamagedFileError), ({"id": ""}, DamagedFileError),
        ({"to": {"character": "a", "character_id": None, "unknown": 2}}, DamagedFileError),
        ({"parts": [{"who": {"character": None, "character_id": None, "unknown": 0}, "places": [PLACE]}]},
         DamagedFileError),
        ({"on": -1}, DamagedFileError), ({"span_s": [2, 1]}, DamagedFileError), ({"to": 5}, DamagedFileError),
        ({"kind": "trim"}, DamagedFileError), ({"takes_back": [3]}, DamagedFileError), ({"box": [1]}, DamagedFileError),
        ({"by": None}, DamagedFileError), ({"depicted": "no"}, DamagedFileError), ({"more": -1}, DamagedFileError),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_right_is_refused_and_left_alone(
    files: FilmFiles, change: dict[str, object], error: type[StoreError]
) -> None:
    journal.append(files, VIDEO, said("Thor", "a", 1) + said("Loki", "b"))
    header, row, *rest = files.decisions.read_text(encoding="utf-8").split("\n")
    files.decisions.write_text("\n".join([header, json.dumps(json.loads(row) | change), *rest]), encoding="utf-8")
    kept = files.decisions.read_bytes()
    with pytest.raises(error, match=r"film\.decisions\.jsonl: .*"):
        journal.append(files, VIDEO, said("Hela", "c"))
    assert files.decisions.read_bytes() == kept


def test_other_files_and_newer_ones_are_refused(files: FilmFiles) -> None:
    for content, error in (
        ("", ForeignFileError), ("{}\n", ForeignFileError), ("\n", ForeignFileError), ("[1]\n", ForeignFileError),
        ('{"schema": "personae/decisions/2"}\n', TooNewError), ('{"schema": "personae/edits/1"}\n', ForeignFileError),
        ('{"schema": "personae/decisions/1", "film": 3}\n', DamagedFileError),
        ('{"schema": "personae/decisions/1", "film": {"content_id": "", "path": ""}}\nhalf\n{}\n', DamagedFileError),
    ):  # fmt: skip
        files.decisions.write_text(content)
        with pytest.raises(error):
            journal.read(files, VIDEO)
    files.decisions.unlink()
    with pytest.raises(StoreError, match="no such file"):
        journal.read_other(files.decisions, VIDEO)


def test_a_forgotten_name_leaves_a_decision_that_can_be_read() -> None:
    row = decision_rows.row_of(said("Thor", "a")[0])
    row["to"] = {"character": None, "character_id": "c1", "unknown": None}
    assert decision_rows.decision_of(Fields(row)).to is None


def test_an_upgraded_name_is_no_unknown_person(files: FilmFiles) -> None:
    """A character could once be called "Unknown 3"."""
    document = json.loads((SAMPLE / "film.edits.json").read_text())
    document["edits"][0]["character"] = "unknown 3"
    files.edits.write_text(json.dumps(document))
    assert journal.read(files, VIDEO).entries[0].to == Person("unknown 3 (character)")
    assert Decisions().highest_unknown == 0


def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    path = Path(personae.__file__).parent / "schemas" / "decisions-1.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text()))


def test_the_shipped_schema_fits_every_line(files: FilmFiles) -> None:
    schema = validator()
    journal.append(files, VIDEO, said("Thor", "a", 3))
    lines = files.decisions.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    for line in lines:
        schema.validate(json.loads(line))
    for kind in KINDS:
        every = Decision(kind, said("Thor", "a")[0].parts, Person("Loki", None, "c1"), (0.5, 2.5), (0.0, 2.5),
                         (0.0, 2.0), PLACE, True, ("x",), imported="i", id="y")  # fmt: skip
        schema.validate(decision_rows.row_of(every))
        assert decision_rows.decision_of(Fields(decision_rows.row_of(every))) == every


def test_the_reader_refuses_what_the_shipped_schema_refuses() -> None:
    """Every field with every kind of value: nothing that the schema refuses is read."""
    schema, refused = validator(), 0
    row = decision_rows.row_of(replace(said("Thor", "a")[0], span_s=(1.0, 2.0), box=PLACE, takes_back=("x",)))
    for place in [*row, "parts.0.who", "parts.0.places", "parts.0.places.0", "to.character", "to.unknown", "span_s.0"]:
        values: tuple[Any, ...] = (None, True, -1, 10**20, 1.5, "", "x", [], [1], {}, Missing)
        for value in values:
            document = changed(row, place, value)
            if not schema.is_valid(document):
                refused += 1
                with pytest.raises((MisfitError, decision_rows.UnknownKindError)):
                    decision_rows.decision_of(Fields(document))
    assert refused > 100
