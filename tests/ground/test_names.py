"""What may be a name, how texts are shown, and that every way in holds to it."""

from __future__ import annotations

import asyncio
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from personae import CharacterRecognizer
from personae.cast.folder import read_cast
from personae.errors import CastError, InputError, UnknownCharacterError
from personae.names import find_name, shown, unknown_name, unknown_number, upgraded_name, valid_name
from tests.stub import StubAnalyzer, write_cast

GOOD = {
    "Joey": "Joey",
    "Joey ": "Joey",
    "\u00a0Mary\u3000 Ann\n": "Mary Ann",
    unicodedata.normalize("NFD", "Zo\u00eb"): "Zo\u00eb",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
    "\u0915\u094d\u200d\u0937": "\u0915\u094d\u200d\u0937",  # Hindi
    "\U0001f469\U0001f3fd\u200d\U0001f680": "\U0001f469\U0001f3fd\u200d\U0001f680",  # one emoji
    "[/b] 'O\"Neill' <i> {x} *|& =1+1": "[/b] 'O\"Neill' <i> {x} *|& =1+1",
    "\u05d3\u05d5\u05d3": "\u05d3\u05d5\u05d3",  # letters that run from right to left are no sign that turns others
}
BAD = [
    "", " \n", "a\nb", "a\rb", "a\tb", "a\0b", "a\x1b[31mb", "a\x9bb", "a\u2028b", "a\u2029b", "a\u200bb", "a\u200db",
    "a\u200c", "\ufeffa", "\u202eab", "\u2066a", "a\u00adb", "a\u061cb", "\u3164", "a\u115f", "a\udcff", "\U000e0041",
]  # fmt: skip


@pytest.mark.parametrize(("name", "kept"), GOOD.items())
def test_a_good_name_is_kept_and_shown_as_it_is(name: str, kept: str) -> None:
    assert valid_name(name) == kept == valid_name(kept) == shown(kept)


@pytest.mark.parametrize("name", [*BAD, None, 3])
def test_a_bad_name_is_refused_in_a_line_that_can_be_read(name: Any) -> None:
    with pytest.raises(InputError, match="is no name for a character") as raised:
        valid_name(name)
    assert str(raised.value).isprintable()


def test_what_is_shown_is_one_line_without_hidden_signs() -> None:
    assert shown("a\x1b[31mred\r\n\u202ex\u200b\udcff") == r"a\x1b[31mred\r\n\u202ex\u200b\udcff"
    everything = "".join(map(chr, range(0x110000)))
    text = shown(everything)
    hidden = {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"}}
    assert not hidden and len(text) > 1_000_000 and "\u5c71" in text
    assert shown("C:\\x\\n.jpg") == "C:\\x\\n.jpg"


def test_a_name_from_before_the_rule_is_found() -> None:
    known = ["Joey", "He\nla", "Zo\u00eb", "Ross "]
    assert find_name("Joey ", known) == "Joey"
    assert find_name("He\nla", known) == find_name(r"He\nla", known) == "He\nla"
    assert find_name("Ross ", known) == "Ross "
    assert find_name(unicodedata.normalize("NFD", "Zo\u00eb"), known) == "Zo\u00eb"
    assert find_name("nobody", known) is None and find_name("a\nb", known) is None


def make(tmp_path: Path) -> CharacterRecognizer:
    analyzer: Any = StubAnalyzer()
    recognizer = CharacterRecognizer(tmp_path / "project", analyzer=analyzer)
    recognizer.train_folder(write_cast(tmp_path / "cast"))
    return recognizer


def test_every_way_in_holds_to_the_rule(tmp_path: Path) -> None:
    recognizer, photo = make(tmp_path), tmp_path / "new.jpg"
    photo.write_text("20")
    ways = (
        lambda name: recognizer.add_photos(name, [photo]),
        lambda name: recognizer.rename_character("c0", name),
        lambda name: recognizer.merge_characters("c0", "c1", into=name),
        lambda name: recognizer.split_character("c0", ["c0/0.jpg"], into=name),
        lambda name: asyncio.run(recognizer.train_character_faces({name: [photo]})),
    )
    for way in ways:
        with pytest.raises(InputError, match="is no name"):
            way("a\nb\u202e")
    assert sorted(recognizer.character_clusters) == ["c0", "c1", "c2"]
    recognizer.rename_character(" c0", "Joey ")
    recognizer.add_photos(" Joey", [photo])
    assert sorted(recognizer.character_clusters) == ["Joey", "c1", "c2"]


def test_an_old_name_that_breaks_the_rule_can_be_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer = make(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("personae.cast.editing.new_name", lambda name: name)
        recognizer.rename_character("c0", "a\nb ")
    assert recognizer.is_character(r"a\nb ")
    recognizer.rename_character(r"a\nb ", "Joey")
    assert sorted(recognizer.character_clusters) == ["Joey", "c1", "c2"]
    with pytest.raises(UnknownCharacterError, match="Did you mean Joey"):
        recognizer.rename_character("Joei", "x")


def test_folders_are_names_too(tmp_path: Path) -> None:
    write_cast(tmp_path)
    for name in ("Joey", "Joey ", "Ro\nss", "Ra\u202echel"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_text("1")
    (tmp_path / "performers.csv").write_text("Joey ,Matt  LeBlanc\n", encoding="utf-8")
    cast = read_cast(tmp_path)
    assert sorted({photo.character for photo in cast.photos}) == ["Joey", "c0", "c1", "c2"]
    assert sum(photo.character == "Joey" for photo in cast.photos) == 2
    notes = "\n".join(map(shown, cast.notes))
    assert "The folder 'Joey ' is taken for Joey's" in notes and "are trained as one character" in notes
    assert (
        r"Left out: the folder " in notes and r'"Ro\nss" is no name' in notes and r'"Ra\u202echel" is no name' in notes
    )
    assert cast.performers == {"Joey": "Matt LeBlanc"}
    (tmp_path / "performers.csv").write_text("Joey,Matt\u202e\n", encoding="utf-8")
    with pytest.raises(CastError, match=r"performers\.csv: .* is no name"):
        read_cast(tmp_path)


def test_a_cast_of_bad_names_alone_says_why(tmp_path: Path) -> None:
    (tmp_path / "Ro\nss").mkdir()
    (tmp_path / "Ro\nss" / "1.jpg").write_text("1")
    with pytest.raises(CastError, match="no photo in its 1 sub-folder") as raised:
        read_cast(tmp_path)
    assert any('"Ro\\nss" is no name' in line for line in raised.value.lines)


@pytest.mark.parametrize("name", ["Unknown 2", "unknown 2", "UNKNOWN  17", " Unknown 2 ", "Unknown 0"])
def test_how_people_without_a_name_are_shown_is_no_name(name: str) -> None:
    with pytest.raises(InputError, match="without a name are shown so"):
        valid_name(name)


def test_an_unknown_person_is_a_number() -> None:
    assert unknown_name(2) == "Unknown 2"
    assert [unknown_number(text) for text in ("Unknown 2", "unknown  31", " UNKNOWN 2 ")] == [2, 31, 2]
    assert [unknown_number(text) for text in ("Unknown", "Unknown 0", "Unknown two", "new", "2", "Unknown 2b")] == [
        None
    ] * 6
    assert upgraded_name("Unknown 3") == "Unknown 3 (character)" and upgraded_name("Thor") == "Thor"
    assert valid_name(upgraded_name("unknown 3")) == "unknown 3 (character)"
    for name in ("new", "Unknown", "Unknown Soldier", "The Unknown 2"):
        assert valid_name(name) == name
