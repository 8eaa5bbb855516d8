"""A name is found however a format writes its letters, and only as whole words."""

from __future__ import annotations

import html
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest

from personae import archive
from personae.exports.registry import OURS, exporters
from personae.forgetting.names import NameSearch
from tests.timelines import NASTY, film

NAMES = (
    "Ross", "O'Neill", 'Tom & "Jerry" <3', "Zoë", "Ørsted Åge", "李小龙", "Étienne d'Aÿ", "=1+1", "[guest] Ross",
    "a\\b", "Smith, John", "a|b", "50% Bob", "राम", "Jean-Luc", "🎬 Ed", NASTY,
)  # fmt: skip
WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "HTML": html.escape,
    "HTML, quotes left": lambda text: html.escape(text, quote=False),
    "HTML, numbers": lambda text: "".join(f"&#{ord(c)};" if not c.isascii() or c in "&<>'\"" else c for c in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(c):X};" if not c.isalnum() else c for c in text),
    "XML attribute": lambda text: quoteattr(text, {"'": "&apos;"})[1:-1],
    "HTML of HTML": lambda text: html.escape(html.escape(text)),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, letters left": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON in HTML": lambda text: html.escape(json.dumps(text)),
    "address": quote,
    "address, slashes too": lambda text: quote(text, safe=""),
    "address of decomposed letters": lambda text: quote(unicodedata.normalize("NFD", text)),
    "address in XML": lambda text: html.escape(quote(text, safe="&'")),
    "CSV": lambda text: text.replace('"', '""'),
    "repr": lambda text: ascii(text)[1:-1],
    "other white space": lambda text: text.replace(" ", "\n  "),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_every_way_of_writing_it(name: str, way: str) -> None:
    search, write = NameSearch({name}), WRITTEN[way]
    for around in (" {} ", "<b>{}</b>", '"{}"', "file://{}.jpg", "x, {}"):
        assert search.in_bytes(around.format(write(name)).encode()), (around, write(name))
    assert search.in_bytes(write(f"with {name}, at home").encode())
    for other in ("", "somebody else", name[:-1] + "x y", "R & B", "&amp;", "%41", "\\u0041", "Thor"):
        assert not search.in_bytes(write(other).encode()), other


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("name", ["Ross", "O'Neill", "Zoë", "Åge"])
def test_a_part_of_a_word_is_not_the_name(name: str, way: str) -> None:
    search, write = NameSearch({name}), WRITTEN[way]
    for other in (f"é{name}", f"{name}é", f"x{name}", f"{name}x", f"Å{name}Å", f"{name}1", f"_{name}"):
        assert not search.in_bytes(f"<p>{write(other)}</p>".encode()), other


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("name", ["Zoë", "O'Neill", "Étienne d'Aÿ"])
def test_other_encodings(name: str, encoding: str) -> None:
    search = NameSearch({name})
    assert search.in_bytes(f"who\t{name}\tend".encode(encoding))
    assert search.in_bytes(b"\xff" + f"who\t{name}\tend".encode(encoding))
    assert not search.in_bytes(f"who\tx{name}y\tend".encode(encoding))


@pytest.mark.parametrize("form", list(OURS))
@pytest.mark.parametrize("name", [one for one in NAMES if "\\" not in one])
def test_a_name_is_found_in_every_export(form: str, name: str) -> None:
    def of(who: str) -> bytes:
        timeline = film(found=[(who, 0, 40), ("Thor", 10, 60), ("Loki", 70, 80)])
        return exporters()[form].export(replace(timeline, model={**timeline.model, "characters": [who, "Loki"]}))

    if b"Loki" in of("Somebody"):  # else a format that names nobody
        assert NameSearch({name}).in_bytes(of(name)), of(name).decode()[:3000]
        assert not NameSearch({name}).in_bytes(of(f"x{name}x"))


def test_a_name_is_found_in_the_address_of_a_film() -> None:
    for form in ("fcpxml", "elan", "otio", "premiere"):
        timeline = film(path="/films/O'Neill & Zoë.mov")
        content = exporters()[form].export(timeline)
        assert NameSearch({"Zoë"}).in_bytes(content) and NameSearch({"O'Neill"}).in_bytes(content), form


@pytest.mark.parametrize("name", ["O'Neill", 'Tom & "Jerry"', "Zoë", "李小龙"])
def test_a_name_is_found_in_an_archive(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("a") / "film.tracks"
    archive.write(path, {}, {"labels": [{"character": name}]}, schema="personae/tracks/1")
    assert NameSearch({name}).in_bytes(path.read_bytes())
    archive.write(path, {}, {"labels": [{"character": f"x{name}"}]}, schema="personae/tracks/1")
    assert not NameSearch({name}).in_bytes(path.read_bytes())


def test_file_names() -> None:
    search = NameSearch({"Zoë"})
    for name in ("Zoë.jpg", "party_Zoë_2.jpg", unicodedata.normalize("NFD", "Zoë 1.jpg"), "Zo%C3%AB.jpg"):
        assert search.in_file_name(name), name
    assert not search.in_file_name("Zoës.jpg") and not search.in_file_name("Zoe.jpg")


def test_three_letters_in_a_picture_are_no_name() -> None:
    search = NameSearch({"Ali"})
    noise = bytearray(os.urandom(1 << 16))
    noise[1000:1009] = b"\x00\xff\x80\x02Ali\xff\x81"
    assert not search.in_bytes(bytes(noise))
    noise[1000:1020] = b"\xff\x80\x02Title\x00Ali\x00\x01\xff\xff\x90\x80\x80"
    assert search.in_bytes(bytes(noise)), "the end of a text in it"
    noise[1000:1020] = b"\xff\x80\x02by Ali, 1999\xff\xff\x90\x80\x80"
    assert search.in_bytes(bytes(noise)), "a part of a text in it"


def test_pieces_share_enough_for_any_name() -> None:
    longest = "Ω" * 200
    assert NameSearch({longest}).overlap > len(json.dumps(json.dumps(longest))) / 2
