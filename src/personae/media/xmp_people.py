"""Who is in a photo, as XMP: face regions of the Metadata Working Group (2.0, section 5.9) and IPTC's Person Shown.

digiKam, Lightroom and whatever else knows faces read `mwg-rs:Regions`; Bridge, Photoshop and catalogues of archives
read `Iptc4xmpExt:PersonInImage`. Regions hold for the picture as it is stored, before EXIF turns it: so the standard
says ("Region metadata is applied to the stored image"), and so these programs read it. A face without a name is a
region without a name, which they show as a face to be named.

What we put in is marked, so that it can be renewed and taken out, and nothing else is: a region by its
`mwg-rs:Extensions` (where it also stands who said the name), a name of the list by `personae:People`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from xml.dom import minidom

from personae.media.xmp import Packet, as_structure, field, remove, text_of, value

OURS = "urn:personae:xmp:1#"
MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIM = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_PREFIXES = {MWG: "mwg-rs", _IPTC: "Iptc4xmpExt", _AREA: "stArea", _DIM: "stDim", OURS: "personae"}
SAME_PLACE = 0.25
"""Intersection over union from which two regions are one face: programs draw heads, and draw faces."""
SAME_SHAPE = 0.02
"""How far the ratios of two pictures' sides may differ: a thumbnail of 160 pixels rounds by half of one."""

Area = tuple[float, float, float, float]
"""x and y of the centre, width and height, as shares of the stored picture's width and height."""


@dataclass(frozen=True)
class Region:
    """A face. `name`: None for one without; `decided_by`: who said the name; `confidence`: of the model, 0..1."""

    area: Area
    name: str | None = None
    decided_by: Literal["model", "person"] = "model"
    confidence: float = 0.0


@dataclass(frozen=True)
class People:
    """Everybody in a photo whose stored picture has `size_wh` pixels; see `stored_area` for the way there."""

    size_wh: tuple[int, int]
    regions: tuple[Region, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Each name once."""
        return tuple(dict.fromkeys(one.name for one in self.regions if one.name is not None))


@dataclass(frozen=True)
class Merged:
    """A packet with people in it: None where nothing at all is left to say.

    `others`: (our name, theirs) of faces that somebody else had called otherwise: theirs stays, and ours is left out.
    `turned`: their regions are of a picture of another shape, so the photo was cropped or turned since; ours would not
    fit among them, and only the list of names is written.
    """

    content: bytes | None
    others: tuple[tuple[str, str], ...] = ()
    turned: bool = False


def stored_area(box_xyxy: tuple[float, float, float, float], size_wh: tuple[int, int], orientation: int) -> Area:
    """A box in pixels of the picture as it is shown, `size_wh`, as shares of the picture as it is stored.

    `orientation`: EXIF's, 1 to 8, which turned the one into the other.
    """
    width, height = size_wh
    x1, x2 = (min(max(side / width, 0.0), 1.0) for side in box_xyxy[::2])
    y1, y2 = (min(max(side / height, 0.0), 1.0) for side in box_xyxy[1::2])
    x, y, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    if orientation in {3, 4, 7, 8}:  # the way back through `media.photos`: first what was done last
        y = 1 - y
    if orientation in {2, 3, 6, 7}:
        x = 1 - x
    return (y, x, h, w) if orientation in {5, 6, 7, 8} else (x, y, w, h)


def with_people(content: bytes | None, people: People) -> Merged:
    """A packet, or a new one, with `people` in place of those whom we put in before; all else in it stays.

    It is the same to the byte where they are in it already. A face that somebody else has named there keeps that name.
    Raises ValueError for what is no XMP.
    """
    packet = Packet(content, _PREFIXES)
    theirs = [one for one, is_ours in _regions(packet) if not is_ours and one.name]
    regions, others = [], []
    for one in people.regions:
        there = next((other for other in theirs if _overlap(one.area, other.area) >= SAME_PLACE), None)
        if there is None:
            regions.append(one)
        elif one.name is not None and one.name != there.name:
            others.append((one.name, str(there.name)))
    names = [name for name in People(people.size_wh, tuple(regions)).names if name not in _names(packet, ours=False)]
    applied, is_shared = _applied_to(packet), any(not _is_ours(item) for item in _listed(packet))
    turned = is_shared and applied is not None and not _is_alike(applied, people.size_wh)
    wanted = [] if turned else [_rounded(one) for one in regions]
    is_fitting = is_shared or not wanted or applied in (None, people.size_wh)
    if content is not None and is_fitting and wanted == _own(packet) and names == _names(packet, ours=True):
        return Merged(content, tuple(others), turned)
    _take_out(packet, None)
    _put_in(packet, people.size_wh, wanted, names)
    packet.tidy()
    return Merged(None if packet.is_empty else packet.to_bytes(), tuple(others), turned)


def without_people(content: bytes, names: Collection[str]) -> bytes | None:
    """A packet without those of `names` whom we put in; the same to the byte where there is none; None: nothing left.

    Raises ValueError for what is no XMP.
    """
    packet = Packet(content, _PREFIXES)
    if not _take_out(packet, names):
        return content
    packet.tidy()
    return None if packet.is_empty else packet.to_bytes()


def people_in(content: bytes) -> tuple[Region, ...]:
    """Every face in a packet, whoever put it in; raises ValueError for what is no XMP."""
    return tuple(region for region, _ in _regions(Packet(content, _PREFIXES)))


def names_in(content: bytes) -> tuple[str, ...]:
    """Every name in a packet, of faces and of the list; raises ValueError for what is no XMP."""
    packet = Packet(content, _PREFIXES)
    listed = [*_names(packet, ours=True), *_names(packet, ours=False)]
    return tuple(dict.fromkeys([*(one.name for one, _ in _regions(packet) if one.name), *listed]))


def _put_in(packet: Packet, size_wh: tuple[int, int], regions: list[Region], names: list[str]) -> None:
    if regions:
        whole = packet.find(MWG, "Regions")
        if whole is None:
            whole = as_structure(packet.add(MWG, "Regions"))
            applied = packet.structure(whole, MWG, "AppliedToDimensions")
            for name, text in (("w", str(size_wh[0])), ("h", str(size_wh[1])), ("unit", "pixel")):
                packet.child(applied, _DIM, name, text)
        listed = field(whole, MWG, "RegionList")
        listed = packet.child(whole, MWG, "RegionList") if listed is None else listed
        for one in regions:
            _put_region(packet, listed, one)
    if names:
        for namespace, name in ((_IPTC, "PersonInImage"), (OURS, "People")):
            array = packet.find(namespace, name)
            array = packet.add(namespace, name) if array is None else array
            for each in names:
                item = packet.add_item(array)
                item.appendChild(_text(item, each))


def _put_region(packet: Packet, listed: minidom.Element, one: Region) -> None:
    item = as_structure(packet.add_item(listed))
    area = packet.structure(item, MWG, "Area")
    for name, share in zip("xywh", one.area, strict=True):
        packet.child(area, _AREA, name, _share(share))
    packet.child(area, _AREA, "unit", "normalized")
    packet.child(item, MWG, "Type", "Face")
    if one.name is not None:
        packet.child(item, MWG, "Name", one.name)
    more = packet.structure(item, MWG, "Extensions")
    packet.child(more, OURS, "DecidedBy", one.decided_by)
    if one.name is not None and one.decided_by == "model":
        packet.child(more, OURS, "Confidence", f"{one.confidence:.2f}")


def _take_out(packet: Packet, names: Collection[str] | None) -> bool:
    """Take out whom we put in: those of `names`, or everybody; whether there was anybody."""
    found = False
    whole = packet.find(MWG, "Regions")
    listed = None if whole is None else field(whole, MWG, "RegionList")
    if whole is not None and listed is not None:
        own = [item for item in packet.items(listed) if _is_ours(item)]
        gone = [item for item in own if names is None or value(item, MWG, "Name") in names]
        for item in gone:
            remove(item)
        if gone and not packet.items(listed) and packet.fields(whole) <= {"AppliedToDimensions", "RegionList"}:
            remove(whole)
        found = bool(gone)
    ours = packet.find(OURS, "People")
    own_names = [] if ours is None else [name for name in _texts(packet, ours) if names is None or name in names]
    for array in (packet.find(_IPTC, "PersonInImage"), ours):
        if own_names and array is not None:
            for item in packet.items(array):
                if text_of(item) in own_names:
                    remove(item)
            if not packet.items(array):
                remove(array)
    return found or bool(own_names)


def _listed(packet: Packet) -> list[minidom.Element]:
    """Every region, of faces and of what is none."""
    whole = packet.find(MWG, "Regions")
    listed = None if whole is None else field(whole, MWG, "RegionList")
    return [] if listed is None else packet.items(listed)


def _regions(packet: Packet) -> list[tuple[Region, bool]]:
    """Every face, and whether we put it in; what is no face, or has no place, is none."""
    found = []
    for item in _listed(packet):
        area = field(item, MWG, "Area")
        if value(item, MWG, "Type") not in (None, "Face"):
            continue
        try:
            x, y, w, h = (float(value(area, _AREA, name) or "") for name in "xywh")
        except ValueError:
            continue
        more = field(item, MWG, "Extensions")
        sure = value(more, OURS, "Confidence")
        by: Literal["model", "person"] = "person" if value(more, OURS, "DecidedBy") == "person" else "model"
        region = Region((x, y, w, h), value(item, MWG, "Name") or None, by, float(sure or 0))
        found.append((region, _is_ours(item)))
    return found


def _applied_to(packet: Packet) -> tuple[int, int] | None:
    """The size of the picture that the regions are of; None where it is not said."""
    whole = packet.find(MWG, "Regions")
    applied = None if whole is None else field(whole, MWG, "AppliedToDimensions")
    try:
        width, height = (int(float(value(applied, _DIM, name) or "")) for name in "wh")
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None


def _is_alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two pictures are of one shape, but for rounding: a smaller copy is."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) < SAME_SHAPE


def _own(packet: Packet) -> list[Region]:
    return [_rounded(one) for one, is_ours in _regions(packet) if is_ours]


def _is_ours(item: minidom.Element) -> bool:
    return value(field(item, MWG, "Extensions"), OURS, "DecidedBy") is not None


def _names(packet: Packet, *, ours: bool) -> list[str]:
    """The names of Person Shown that we put there, or the others."""
    own, listed = packet.find(OURS, "People"), packet.find(_IPTC, "PersonInImage")
    names = [] if own is None else _texts(packet, own)
    if ours:
        return names
    return [] if listed is None else [name for name in _texts(packet, listed) if name not in names]


def _texts(packet: Packet, array: minidom.Element) -> list[str]:
    return [text_of(item) for item in packet.items(array)]


def _text(element: minidom.Element, text: str) -> minidom.Text:
    document = element.ownerDocument
    assert document is not None
    return document.createTextNode(text)


def _rounded(one: Region) -> Region:
    """A region as its text says it."""
    x, y, w, h = (float(_share(share)) for share in one.area)
    sure = float(f"{one.confidence:.2f}") if one.name is not None and one.decided_by == "model" else 0.0
    return Region((x, y, w, h), one.name, one.decided_by, sure)


def _share(share: float) -> str:
    return f"{share:.6f}"


def _overlap(one: Area, other: Area) -> float:
    """Intersection over union."""
    sides = [
        max(0.0, min(one[at] + one[at + 2] / 2, other[at] + other[at + 2] / 2)
            - max(one[at] - one[at + 2] / 2, other[at] - other[at + 2] / 2)) for at in (0, 1)
    ]  # fmt: skip
    both = sides[0] * sides[1]
    whole = one[2] * one[3] + other[2] * other[3] - both
    return both / whole if whole > 0 else 0.0
