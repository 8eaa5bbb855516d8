"""What a folder of photos holds that is no photo here, but could be meant as one: counted, and said with what to do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from personae.types import count_of

RAWS = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos"}
    | {".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)
"""Lower-case file endings of what cameras record before a picture is made of it."""
OTHER_PICTURES = frozenset(
    {".ai", ".cin", ".dpx", ".eps", ".exr", ".hdr", ".ico", ".jxl", ".jxr", ".kra", ".pcx", ".pdf", ".psb", ".psd"}
    | {".sgi", ".svg", ".tga", ".wmf", ".xcf"}
)
"""Lower-case file endings of pictures that are not read."""
FILMS = frozenset(
    {".mp4", ".m4v", ".mov", ".qt", ".mxf", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob"}
    | {".m2v", ".wmv", ".asf", ".flv", ".ogv", ".3gp", ".dv", ".gxf", ".h264", ".264", ".hevc", ".265", ".ivf", ".obu"}
    | {".mjpeg", ".mjpg", ".y4m"}
)
"""Lower-case file endings that count as a film inside a folder. A file named outright is always tried."""
NEVER_PICTURES = frozenset(
    {".bak", ".csv", ".db", ".doc", ".docx", ".htm", ".html", ".ini", ".json", ".lnk", ".log", ".md", ".rtf", ".toml"}
    | {".txt", ".url", ".xls", ".xlsx", ".xml", ".xmp", ".yaml", ".yml", ".zip"}
)
"""Lower-case file endings of what lies about in folders of photos and is none: passed over without a word."""
KNOWN = RAWS | OTHER_PICTURES | FILMS | NEVER_PICTURES

_NAMED = 3


class LeftOut:
    """Counts files that are passed over, by their endings; `add` them, then ask for the `sentences`."""

    def __init__(self) -> None:
        self._endings: Counter[str] = Counter()
        self._bare: list[str] = []
        self._copies = 0

    def __bool__(self) -> bool:
        return bool(self._endings or self._bare or self._copies)

    def add(self, path: Path) -> None:
        """Count a file that was passed over; what is never a picture is not counted."""
        suffix = path.suffix.lower()
        if suffix in RAWS | OTHER_PICTURES | FILMS:
            self._endings[suffix] += 1
        elif not suffix:
            self._bare.append(path.name)

    def add_copy(self) -> None:
        """Count a copy that Personae made of a photo which is there too."""
        self._copies += 1

    def update(self, other: LeftOut) -> None:
        """Add what another one counted."""
        self._endings.update(other._endings)
        self._bare += other._bare
        self._copies += other._copies

    def sentences(self, where: str = "") -> list[str]:
        """One for each kind: how many, which, and what to do. `where`: words for the place, such as " of Thor"."""
        said = []
        for kind, noun, advice in (
            (RAWS, "raw photo", "export them as JPEG"),
            (OTHER_PICTURES, "picture", "pictures of this kind are not read: export them as JPEG or PNG"),
            (FILMS, "film", "films are read by personae scan"),
        ):
            endings = sorted(kind & self._endings.keys())
            if endings:
                count = sum(self._endings[ending] for ending in endings)
                said.append(f"Left out{where}: {count_of(count, noun)} ({', '.join(endings)}): {advice}.")
        if self._bare:
            names = sorted(self._bare)
            listed = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
            said.append(
                f"Left out{where}: {count_of(len(names), 'file')} without an ending ({listed}): no picture that is "
                "known here. Export what is one as JPEG."
            )
        if self._copies:
            made = "copies that Personae made" if self._copies > 1 else "copy that Personae made"
            said.append(f"Left out{where}: {self._copies} {made} of these photos.")
        return said
