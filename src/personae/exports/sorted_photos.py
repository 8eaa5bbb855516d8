"""A folder per person: copies of photos, or links to them. A photo of two people is in both folders."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

from personae.exports.photo_people import PhotoFaces
from personae.exports.refusals import Refusals
from personae.exports.sidecars import Sidecars
from personae.files import open_input, open_whole, read_whole, sha256_of, write_error, write_whole
from personae.forgetting.archived import COPY, NAMED_COPY, SORTED, SORTED_SIDECAR
from personae.media.xmp_embedding import CannotEmbedError, packet_in, with_packet
from personae.media.xmp_people import People, with_people
from personae.names import folder_name, is_unknown_name
from personae.outputs import Outputs


class SortedPhotos:
    """Sorts photos into `folder`. `links`: no copies; `embed`: names into the copies; `sidecars`: where beside them.

    Nothing is written over: photos of one name from two folders get numbers, and a copy that somebody has changed since
    stays as it is, but for the names in it. `made`: every copy and link; `refusals`: takes what could not be.
    """

    def __init__(
        self,
        folder: Path,
        outputs: Outputs,
        refusals: Refusals,
        *,
        links: bool = False,
        embed: bool = False,
        sidecars: Sidecars | None,
    ) -> None:
        self.folder = folder
        self.made: list[Path] = []
        self._outputs = outputs
        self._refusals = refusals
        self._links = links
        self._embed = embed
        self._sidecars = sidecars
        self._owners: dict[str, str] = {}
        self._taken: dict[str, Path] = {}
        self._seen: set[str] = set()
        self._not_embedded: Counter[str] = Counter()

    def add(self, photo: PhotoFaces, people: People | None) -> None:
        """Sort one photo; `people`: its names, None where they are not written. Raises WriteError, OSError."""
        self._seen.add(str(photo.path))
        for owner in photo.who:
            folder = self._folder(owner)
            with self._refusals.noted(folder):
                self._put(photo.path, folder, [owner] if not is_unknown_name(owner) else [], people)

    def _put(self, photo: Path, folder: Path, named: list[str], people: People | None) -> None:
        if self._links:
            place, beside = self._place(folder, photo), people
            self._outputs.link(place, photo, who=named)
        else:
            place, beside = self._copied(folder, photo, named, people)
        self.made.append(place)
        if beside is not None and self._sidecars is not None:
            self._sidecars.write(beside, photo, place, kind=SORTED_SIDECAR)

    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        found = [
            f"The names stand beside {count} of the copies, not in them: {why}."
            for why, count in self._not_embedded.items()
        ]
        stale = self._stale()
        if stale:
            named = ", ".join(stale[:3]) + (", ..." if len(stale) > 3 else "")
            found.append(f"Sorted before, and of other people now; delete what you do not need: {named}")
        return found

    def _copied(self, folder: Path, photo: Path, named: list[str], people: People | None) -> tuple[Path, People | None]:
        """The copy of a photo, and the people whose names are to stand beside it instead of in it."""
        place = self._place(folder, photo)
        is_named = self._outputs.is_of(place, kind=NAMED_COPY, source=photo)
        is_changed = place.exists() and not self._outputs.is_free(place, photo)
        if self._embed and people is not None:
            try:
                self._write_named(place, place if is_changed else photo, photo, people, named)
                return place, None
            except CannotEmbedError as error:
                self._not_embedded[str(error)] += 1
        if not (is_changed or is_named) and not (place.exists() and sha256_of(place) == sha256_of(photo)):
            with self._outputs.writing(place, kind=COPY, who=named, source=photo):
                with open_input(photo) as file, open_whole(place) as copy:
                    shutil.copyfileobj(file, copy, 1 << 20)
                _keep_time(photo, place)
        return place, people

    def _write_named(self, place: Path, origin: Path, photo: Path, people: People, named: list[str]) -> None:
        content = read_whole(origin)
        try:
            merged = with_people(packet_in(content), people)
        except CannotEmbedError:
            raise
        except ValueError as error:
            raise CannotEmbedError(f"of the XMP in it, {error}") from None
        content = with_packet(content, merged.content)
        if place.exists() and read_whole(place) == content:
            return
        with self._outputs.adding_to(place, kind=NAMED_COPY, who={*named, *people.names}, source=photo):
            write_whole(place, content)
            _keep_time(photo, place)

    def _folder(self, owner: str) -> Path:
        """The folder of one person; two whose names differ in what file systems do not tell apart get two."""
        base = folder_name(owner)
        name, number = base, 1
        while self._owners.setdefault(name.casefold(), owner) != owner:
            number += 1
            name = f"{base}-{number}"
        return self.folder / name

    def _place(self, folder: Path, photo: Path) -> Path:
        place, number = folder / photo.name, 1
        while self._taken.setdefault(str(place).casefold(), photo) != photo or not self._may_be_at(place, photo):
            number += 1
            place = folder / f"{photo.stem}-{number}{photo.suffix}"
        return place

    def _may_be_at(self, place: Path, photo: Path) -> bool:
        if not os.path.lexists(place):
            return True
        if place.is_symlink() or self._links:
            return self._links and place.is_symlink() and os.readlink(place) == str(photo)  # noqa: PTH115 - as written
        return any(self._outputs.is_of(place, kind=kind, source=photo) for kind in (COPY, NAMED_COPY))

    def _stale(self) -> list[str]:
        """Copies and links of before, of these photos, that would not be made now."""
        ledger, made = self._outputs.ledger, {os.path.abspath(path) for path in self.made}  # noqa: PTH100
        if ledger is None:
            return []
        whole = os.path.join(os.path.realpath(self.folder), "")  # noqa: PTH118 - text, not a path
        real = {os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in made}  # noqa: PTH118, PTH119, PTH120
        return [
            entry.path
            for entry in ledger.entries()
            if entry.kind in SORTED - {SORTED_SIDECAR} and entry.path.startswith(whole) and entry.path not in real
            and entry.source in self._seen and os.path.lexists(entry.path)
        ]  # fmt: skip


def _keep_time(photo: Path, copy: Path) -> None:
    """Give a copy the photo's time of change, by which many sort."""
    try:
        status = photo.stat()
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    except OSError as error:
        raise write_error(copy, error) from error
