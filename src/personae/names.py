"""What may be a name, and how a text from outside is shown: one rule for both.

A name is one line that reads as it is written. So what `shown` would have to write as an escape cannot stand in a name.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from personae.errors import InputError

_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
"""Unicode categories that move the cursor, break lines, turn the reading direction, hide, or are no characters."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing at all."""
_SIGNS = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "Zs"})
"""Punctuation, and signs of counting and money. Emoji are none of these."""
_JOINERS = "\u200c\u200d"
_MARKS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
"""What may stand between a picture letter and the joiner after it: how it is drawn, and the tone of its skin."""
_UNKNOWN = re.compile(r"unknown\s*(\d+)", re.IGNORECASE)
_ALIKE = re.compile(
    r"unknown[\s_.#-]*\d+\s*(\w{0,2}|of\b.*|[-_]?\s*\(?(copy|\d+)\)?(\s*\d+)?)", re.IGNORECASE | re.DOTALL
)
"""What reads like an unknown person and is none: "Unknown 4x", "unknown_4", "Unknown 4 of ep2", "Unknown 4 (2)"."""
_COMMAND = re.compile(r"\.\S?(\s.*)?", re.DOTALL)
"""What is a command where people are named: ".s", ".m 2"."""
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))})
"""What Windows takes for devices, also with an ending."""
_LONGEST_FOLDER = 200
_MOST_DIGITS = 9
_HIGHEST = 10**8


def valid_name(name: str) -> str:
    """A character's name as it is kept: composed (NFC), without white space around it, single spaces within.

    Raises InputError for what can be none: nothing, a text with line breaks, control characters, signs that cannot be
    seen or that turn the reading direction; "Unknown 2", which is how a person without a name is shown, and what reads
    like it ("Unknown 4x", "Unknown 4 of ep2"); punctuation alone ("?"); and the commands of naming (".s"). The joiners
    that Persian, Indic and emoji need stay between those.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{name!r} is no name for a character. Give it a text that is not empty.")
    composed = unicodedata.normalize("NFC", name.strip())
    hidden = sorted({_escape(composed[at]) for at in range(len(composed)) if _is_hidden(composed, at)})
    if hidden:
        raise InputError(
            f'"{shown(composed)}" is no name for a character: {" ".join(hidden)} cannot be seen in it. '
            "Give it a name without line breaks and hidden signs."
        )
    name = " ".join(composed.split())
    if is_unknown_name(name):
        raise InputError(
            f'"{name}" is no name for a character: people without a name are shown so. Give it another name.'
        )
    if why := _why_none(name):
        raise InputError(f'"{shown(name)}" is no name for a character: {why}. Give it another name.')
    return name


def _why_none(name: str) -> str:
    """Why somebody who types this hardly means a name; empty where they may."""
    if _ALIKE.fullmatch(name):
        return "it reads like a person without a name, who is Unknown and a number"
    if _COMMAND.fullmatch(name):
        return "what begins with a dot is a command where people are named"
    if all(unicodedata.category(sign) in _SIGNS for sign in name):
        return "it has no letter and no digit"
    return ""


def unknown_name(number: int) -> str:
    """How an unknown person is shown: "Unknown 2"."""
    return f"Unknown {number}"


def unknown_number(name: str) -> int | None:
    """The unknown person that a text means, in any case ("unknown 2"); None where it means none."""
    found = _UNKNOWN.fullmatch(name.strip())
    return int(found[1]) or None if found and len(found[1]) <= _MOST_DIGITS else None


def highest(unknown: Iterable[int | None]) -> int:
    """The highest number of an unknown person after which new ones are counted, 0 where there is none.

    What is far above all that counting gives was written into a file by hand: the next number does not follow it.
    """
    return max((number for number in unknown if number is not None and number <= _HIGHEST), default=0)


def upgraded_name(name: str) -> str:
    """A character's name from an earlier version, which took those of unknown people: "Unknown 2 (character)"."""
    return f"{name} (character)" if is_unknown_name(name) else name


def is_unknown_name(name: str) -> bool:
    """Whether a name is how a person without a name is shown, "Unknown 3", in any case: no character's name then."""
    return _UNKNOWN.fullmatch(name.strip()) is not None


def find_name(name: str, known: Collection[str]) -> str | None:
    """The one of `known` that `name` means, also as `shown` writes it; None where there is none.

    Projects made before the rule of `valid_name` can hold names that break it: they are found as they are.
    """
    for each in known:
        if name in (each, shown(each)):
            return each
    try:
        composed = valid_name(name)
    except InputError:
        return None
    return composed if composed in known else None


def near_names(word: str, known: Iterable[str]) -> list[str]:
    """At most three of the `known` that may be meant by a word, nearest first, in whatever case."""
    folded = {each.casefold(): each for each in reversed(list(known))}
    return [folded[each] for each in difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)]


_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def plain(text: str) -> str:
    """A text as it is looked for: without case, accents and double spaces, however its letters are composed."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFC", bare).translate(_PLAIN).split())


def names_with(letters: str, known: Iterable[str]) -> list[str]:
    """The `known` names that hold these letters, anywhere and as `plain`: those that begin with them first, then those
    in which a word does, then the others; each in order of name.
    """
    wanted, found = plain(letters), []
    for name in set(known):
        own = plain(name)
        at = own.find(wanted)
        if at >= 0:
            begins = 0 if at == 0 else 1 if re.search(rf"\W{re.escape(wanted)}", own) else 2
            found.append((begins, own, name))
    return [name for *_, name in sorted(found)]


def no_such_name(word: str, known: Sequence[str], most: int = 20) -> str:
    """Sentences for people after a word that is none of the `known` names: which may be meant, and which there are."""
    near = near_names(word, known)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    listed = ", ".join(known[:most]) or "none"
    return f"{hint}There are: {listed}{', ...' if len(known) > most else '.'}"


def folder_name(name: str) -> str:
    """What a folder for somebody is called: their name, without what some file system does not take in one."""
    plain = "".join("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in readable(name))
    plain = plain.strip().rstrip(".") or "_"
    while len(plain.encode()) > _LONGEST_FOLDER:
        plain = plain[:-1]
    return f"{plain}_" if plain.split(".")[0].upper() in _DEVICES else plain


def readable(text: str) -> str:
    """A path or file name as text that JSON and databases can hold.

    Names on disk are read as UTF-8 also where the system's encoding has no such letters (the C locale); what is not
    valid Unicode is written out.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def shown(text: str) -> str:
    """`text` as one line that is safe to print: what breaks lines, moves the cursor or cannot be seen as escapes."""
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    text = readable(text)
    return "".join(_escape(sign) if _is_hidden(text, at) else sign for at, sign in enumerate(text))


def _is_hidden(text: str, at: int) -> bool:
    sign = text[at]
    if sign in _BLANK:
        return True
    return unicodedata.category(sign) in _HIDDEN and not (sign in _JOINERS and _joins(text, at))


def _joins(text: str, at: int) -> bool:
    """Whether the joiner at that place changes how its neighbours are written, as RFC 5892 (appendix A) has it.

    After the virama of an Indic script, between letters of Arabic and its kin, and between emoji.
    """
    before, after = text[:at], text[at + 1 : at + 2]
    if before and unicodedata.combining(before[-1]) == 9:
        return True
    if text[at] == "\u200d":
        before = _MARKS.sub("", before[-2:])
        return bool(before and after) and unicodedata.category(before[-1]) == unicodedata.category(after) == "So"
    letters = before.rstrip("".join({sign for sign in before if unicodedata.category(sign) == "Mn"}))
    return (
        bool(letters and after) and unicodedata.bidirectional(letters[-1]) == unicodedata.bidirectional(after) == "AL"
    )


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
