"""What a download is called: the one place that writes `Content-Disposition`, as RFC 6266 has it."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

from personae.names import readable

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_NOT_IN_QUOTES = re.compile(r"[^A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]")
LONGEST = 150


def file_name(name: str, suffix: str = "") -> str:
    """A name that a file may have on every platform, and that reads as what it is.

    Without control signs, and without those that turn the order of writing: "exe.gpj" must not read as "jpg.exe".
    """
    plain = "".join(
        " " if unicodedata.category(sign).startswith("Z") else sign
        for sign in readable(name)
        if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    plain = _NOT_IN_NAMES.sub("-", plain).strip(" .") or "download"
    while len((plain + suffix).encode()) > LONGEST:
        plain = plain[:-1]
    return plain + suffix


def disposition(name: str, suffix: str = "", kind: Literal["attachment", "inline"] = "attachment") -> str:
    """The header for a file that is to be called `name`: in ASCII for old clients, and in full."""
    whole = file_name(name, suffix)
    plain = unicodedata.normalize("NFKD", whole.removesuffix(suffix)).encode("ascii", "ignore").decode()
    plain = _NOT_IN_QUOTES.sub("_", plain).strip(" _.") or "download"
    return f"{kind}; filename=\"{plain}{suffix}\"; filename*=UTF-8''{quote(whole, safe='')}"
