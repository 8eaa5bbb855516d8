"""Finding a name in a file of any kind, however its format writes letters. Bytes in, an answer out.

A format may write `O'Neill` as `O&#x27;Neill` (HTML), `O%27Neill` (an address), `O\\u0027Neill` (JSON), in UTF-16, or
in the decomposed letters of some file systems. So the text is read in every way that could be meant, and a name counts
where it stands as whole words: `Ali` is not in `&eacute;Ali`, which is `éAli`. Three letters also turn up by chance in
a megabyte of pictures; among bytes that are no text, a short name counts only as a part of some text.
"""

from __future__ import annotations

import html
import html.entities
import re
import unicodedata
from collections.abc import Collection, Iterator
from urllib.parse import unquote_to_bytes

_DEEPEST = 6
"""So often is what was written out of what was written out: a model's facts are JSON in JSON in JSON."""
_NEAR = 240
_SHORT = 5
"""Bytes of a name that may stand by chance in a few hundred megabytes that are no text (one in 256 ** 5)."""
_TEXT_AROUND = 8
_LONGEST = 12
"""Bytes that one letter of a name takes at most, written out (`\\U0001f600`, `%F0%9F%98%80`)."""
_WRITTEN = re.compile(
    r"&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|(?:%[0-9A-Fa-f]{2})+|(?:\\u[0-9A-Fa-f]{4})+|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\[^uUx0-9\s]|\"\"|''"
)
_INSTEAD = {"<": "‹", ">": "›", ",": ";", "|": "/"}
"""What our exports write where a format has no way to write a sign."""
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " ", "v": " "}
_LETTERS = re.compile(r"[A-Za-z0-9]{2,}")


class NameSearch:
    """Looks for any of `names`, whatever their letters' composition; spaces in them may be any white space."""

    def __init__(self, names: Collection[str]) -> None:
        names = {unicodedata.normalize("NFC", name.strip()) for name in names}
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        self._pattern = re.compile("|".join(map(_pattern_of, longest_first)))
        anchors = [_anchors(name) for name in names]
        every = sorted({re.escape(one.encode()) for each in anchors for one in each})
        self._anchors = re.compile(b"|".join(every)) if all(anchors) else None
        self._written = _written_out({letter for each in anchors for run in each for letter in run})
        forms = {form for name in names for form in _forms(name)}
        self._wide = {form.encode(encoding) for form in forms for encoding in ("utf-16-le", "utf-16-be")}
        self._latin = {form.encode("latin-1") for form in forms if not form.isascii() and _is_latin(form)}
        self._plain = {form.encode() for form in forms}
        self.overlap = max(4096, _LONGEST * max(map(len, names)) * 4)
        """Bytes that pieces of a file must share, so that no name falls between them."""

    def in_bytes(self, content: bytes) -> bool:
        """Whether a name stands in the content of a file, or in a piece of it."""
        is_text = b"\0" not in content
        if any(self._is_read_in(piece.decode("utf-8", "replace"), is_text=is_text) for piece in self._pieces(content)):
            return True
        return any(self.in_text(text) for text in self._other_texts(content))

    def in_text(self, text: str) -> bool:
        """Whether a name stands in `text`, as it is or written out."""
        return self._is_read_in(text, is_text=True)

    def is_one(self, text: str) -> bool:
        """Whether `text` is a name and nothing else."""
        return self._pattern.fullmatch(unicodedata.normalize("NFC", text.strip())) is not None

    def in_file_name(self, name: str) -> bool:
        """Whether a name stands in the name of a file; `_` parts words there."""
        return self.in_text(name) or self.in_text(name.replace("_", " "))

    def in_pages(self, content: bytes) -> bool:
        """Whether the letters of a name stand in the pages of a database, where no mark parts one value from another.

        Raw bytes; short names as in any file that is no text.
        """
        text = content.decode("utf-8", "replace")
        return any(plain in content for plain in self._plain) and any(
            _is_by_design(text, match) for match in self._pattern.finditer(text)
        )

    def _pieces(self, content: bytes) -> Iterator[bytes]:
        """The parts of `content` that a name can be in, with what is around them."""
        if self._anchors is None:
            yield content
            return
        begin = end = 0
        for start, stop in sorted(
            match.span() for pattern in (self._anchors, self._written) for match in pattern.finditer(content)
        ):
            if start - self.overlap > end:
                if end:
                    yield content[begin:end]
                begin = start - self.overlap
            end = stop + self.overlap
        if end:
            yield content[max(begin, 0) : end]

    def _other_texts(self, content: bytes) -> Iterator[str]:
        """`content` read as no UTF-8, where a name is in it that way."""
        if any(wide in content for wide in self._wide):
            for encoding in ("utf-16-le", "utf-16-be"):
                for start in (0, 1):
                    yield content[start:].decode(encoding, "replace")
        if any(latin in content for latin in self._latin):
            yield content.decode("latin-1")

    def _is_read_in(self, text: str, *, is_text: bool) -> bool:
        return any(self._stands_in(reading, is_text) for reading in _readings(text))

    def _stands_in(self, text: str, is_text: bool) -> bool:
        for match in self._pattern.finditer(text):
            before = _innermost(text[max(0, match.start() - _NEAR) : match.start()])
            after = _innermost(text[match.end() : match.end() + _NEAR])
            whole = not (before and is_of_a_word(before[-1])) and not (after and is_of_a_word(after[0]))
            if whole and (is_text or _is_by_design(text, match)):
                return True
        return False


def _anchors(name: str) -> set[str]:
    """Texts one of which is in a file wherever `name` is, however it is written; none where that is not known."""
    run = max(_LETTERS.findall(name), key=len, default="")
    if run:
        return {run}  # plain letters are seldom written out: see `_written_out`
    letter = max(name)
    if letter.isascii():
        return set()
    pieces = {bytes(form, "utf-8") for form in _forms(letter)}
    numbers = {ord(part) for form in _forms(letter) for part in form}
    written = {f"{number:x}" for number in numbers} | {f"{number:X}" for number in numbers} | set(map(str, numbers))
    written |= {f"{part:04x}" for part in _halves(letter)} | {f"{part:04X}" for part in _halves(letter)}
    written |= {f"%{piece[0]:{case}}" for piece in pieces for case in "xX"}
    written |= {html.entities.codepoint2name[number] for number in numbers if number in html.entities.codepoint2name}
    return written | {piece.decode() for piece in pieces}


def _written_out(letters: Collection[str]) -> re.Pattern[bytes]:
    """Finds any of these plain letters where they are written out all the same: `\\u0054`, `&#84;`, `&#x54;`, `%54`."""
    plain = sorted({ord(letter) for letter in letters if letter.isascii()})
    if not plain:
        return re.compile(b"(?!)")
    hexadecimal = "|".join(f"{number:02x}" for number in plain)
    decimal = "|".join(map(str, plain))
    written = rf"(?:\\u00|\\U000000|\\x|%|&#[xX]0*)(?i:{hexadecimal})|&#0*(?:{decimal});"
    return re.compile(written.encode())


def _halves(letter: str) -> list[int]:
    """The numbers of a letter in UTF-16, as JSON writes them."""
    wide = letter.encode("utf-16-be")
    return [int.from_bytes(wide[at : at + 2]) for at in range(0, len(wide), 2)]


def _is_by_design(text: str, match: re.Match[str]) -> bool:
    """Whether what was found among bytes is no accident: long, at the end of a text, or a part of a longer one."""
    if len(match.group().encode()) > _SHORT:
        return True
    before, after = text[max(0, match.start() - _TEXT_AROUND) : match.start()], text[match.end() :][:_TEXT_AROUND]
    if before.endswith("\0") or after.startswith("\0"):
        return True
    around = len(_printable(before[::-1])) + len(_printable(after))
    return around >= _TEXT_AROUND


def _printable(text: str) -> str:
    """The beginning of `text` that people can read."""
    for at, letter in enumerate(text):
        if letter == "\ufffd" or not (letter.isprintable() or letter in "\n\r\t"):
            return text[:at]
    return text


def names_in(content: bytes, names: Collection[str]) -> list[str]:
    """Those of `names` that stand in the content of a file; all of them where it is no text, as in an archive."""
    names = [name for name in names if name.strip()]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return names
    if not names or not NameSearch(names).in_bytes(content):
        return []
    return [name for name in names if NameSearch([name]).in_bytes(content)]


def _pattern_of(name: str) -> str:
    """A pattern for a name whose spaces, and what stands for a line break, may be any white space."""
    words = re.split(r"[\s\x00-\x1f\x7f-\x9f]+", name)
    return r"[\s\x00-\x1f\x7f-\x9f]+".join("".join(map(_or_instead, word)) for word in words)


def _or_instead(letter: str) -> str:
    return f"[{letter}{_INSTEAD[letter]}]" if letter in _INSTEAD else re.escape(letter)


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, then with what is written out replaced by what it stands for, layer by layer."""
    for _ in range(_DEEPEST):
        yield text if text.isascii() else unicodedata.normalize("NFC", text)
        inner = _WRITTEN.sub(_letter, text)
        if inner == text:
            return
        text = inner


def _innermost(text: str) -> str:
    *_, last = _readings(text)
    return last


def _letter(match: re.Match[str]) -> str:
    """What one piece of written-out text stands for."""
    written = match.group()
    if written[0] == "&":
        return html.unescape(written)
    if written[0] == "%":
        return unquote_to_bytes(written).decode("utf-8", "replace")
    if written[0] in "\"'":  # doubled, as in CSV
        return written[0]
    if written[1] == "u":
        return bytes.fromhex(written.replace("\\u", "")).decode("utf-16-be", "replace")
    if written[1] in "Ux":
        number = int(written[2:], 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _CONTROL.get(written[1], written[1])


def is_of_a_word(letter: str) -> bool:
    """Whether a letter, or an accent on one, is a part of a word; nothing is none."""
    return bool(letter) and (letter.isalnum() or letter == "_" or unicodedata.category(letter).startswith("M"))


def _forms(name: str) -> set[str]:
    return {unicodedata.normalize(form, name) for form in ("NFC", "NFD")}


def _is_latin(name: str) -> bool:
    return all(ord(letter) < 256 for letter in name)
