"""XMP sidecars: `1.jpg.xmp`, as digiKam and darktable call them, or `1.xmp`, as Lightroom and Bridge do.

A sidecar that is there already is added to and never replaced: other programs write into ours as into their own.
"""

from __future__ import annotations

import os
from pathlib import Path

from personae.errors import ForeignFileError, reason_of
from personae.files import read_whole, write_whole
from personae.media.xmp_people import People, with_people
from personae.outputs import Outputs


class Sidecars:
    """Writes sidecars. `adobe_names`: `1.xmp`; `merge`: also into those that are not ours.

    `notes`: sentences for people.
    """

    def __init__(self, outputs: Outputs, *, adobe_names: bool = False, merge: bool = False) -> None:
        self.notes: list[str] = []
        self._outputs = outputs
        self._adobe_names = adobe_names
        self._merge = merge
        self._sources: dict[str, Path] = {}

    def write(self, people: People, photo: Path, place: Path, *, kind: str) -> Path | None:
        """Write the sidecar of `photo` for a photo at `place`; None where nobody in it is to be written down.

        Raises ForeignFileError for a file that is not ours, unless it may be merged, and for one that cannot be read as
        XMP; WriteError.
        """
        target = self._target(photo, place)
        is_there, is_ours = os.path.lexists(target), self._outputs.is_of(target, kind=kind, source=photo)
        if is_there and not (is_ours or self._merge or self._outputs.force):
            self._outputs.check(target, kind=kind, source=photo)
        try:
            content = read_whole(target) if is_there else None
            merged = with_people(content, people)
        except OSError as error:
            raise ForeignFileError(target, f"it cannot be read ({reason_of(error)}), and it is left alone.") from None
        except ValueError as error:
            raise ForeignFileError(target, f"{error}. It is left alone.") from None
        self.notes += [
            f"{target} calls somebody {theirs} whom this cast calls {ours}: the name there stays."
            for ours, theirs in merged.others
        ]
        if merged.turned:
            self.notes.append(
                f"{target}: its regions are of a picture of another shape, so the photo was cropped or turned since. "
                "The names are written, without places."
            )
        if merged.content is None:
            if is_there and is_ours:
                self._outputs.remove(target)
            return None
        if merged.content == content and (is_ours or not people.regions):
            return target if people.regions else None
        with self._outputs.adding_to(target, kind=kind, who=people.names, source=photo):
            if merged.content != content:
                write_whole(target, merged.content)
        return target

    def _target(self, photo: Path, place: Path) -> Path:
        """Where the sidecar goes; a short name that is another photo's makes way for the whole one."""
        whole = place.with_name(f"{place.name}.xmp")
        if not self._adobe_names:
            return whole
        short = place.with_name(f"{place.stem}.xmp")
        taken = self._sources.setdefault(str(short).casefold(), photo) != photo
        return whole if taken or self._outputs.is_of_another(short, photo) else short
