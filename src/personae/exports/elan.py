"""ELAN annotation file (EAF 3.0): a tier per character and unknown person, in milliseconds from the first picture.

ELAN allows no overlap within a tier: appearances of one person that overlap or touch become one annotation.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element

from personae.exports.spans import file_name, file_url, line
from personae.exports.xml import document, element
from personae.timeline.presence import names_of
from personae.timeline.selection import union
from personae.timeline.timeline import Timeline

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "appearance"
_MIME = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mpg": "video/mpeg", ".mkv":
         "video/x-matroska", ".avi": "video/x-msvideo", ".webm": "video/webm"}  # fmt: skip
_CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps allowed within this "
    "interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are "
    "ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
}  # the words, one misspelt, are the format's own


class Elan:
    """`.eaf`: annotations that carry the name, with the film linked."""

    name = "elan"
    suffixes = (".eaf",)
    title = "tiers for ELAN"

    def export(self, timeline: Timeline, folder: Path | None = None) -> bytes:
        """The document in UTF-8."""
        tiers = {name: _annotations(timeline, name) for name in names_of(timeline)}
        times = sorted({ms for spans in tiers.values() for span in spans for ms in span})
        slots = {ms: f"ts{number}" for number, ms in enumerate(times, 1)}
        suffix = Path(file_name(timeline)).suffix.lower()
        media = element(
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=file_url(timeline.video.path),
            RELATIVE_MEDIA_URL=f"./{quote(file_name(timeline))}",
            MIME_TYPE=_MIME.get(suffix, "unknown"),
        )
        count = sum(map(len, tiers.values()))
        last = element("PROPERTY", str(count), NAME="lastUsedAnnotationId")
        root = element(
            "ANNOTATION_DOCUMENT",
            element("HEADER", media, last, MEDIA_FILE="", TIME_UNITS="milliseconds"),
            element(
                "TIME_ORDER",
                *(element("TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(ms)) for ms, slot in slots.items()),
            ),
            *_tiers(tiers, slots),
            element("LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true", GRAPHIC_REFERENCES="false"),
            *(element("CONSTRAINT", STEREOTYPE=name, DESCRIPTION=text) for name, text in _CONSTRAINTS.items()),
            AUTHOR="Personae",
            # The format wants a date; a fixed one keeps the same timeline the same file.
            DATE="1970-01-01T00:00:00+00:00",
            FORMAT="3.0",
            VERSION="3.0",
        )
        root.set("xmlns:xsi", _XSI)
        root.set("xsi:noNamespaceSchemaLocation", _SCHEMA)
        return document(root)


def _annotations(timeline: Timeline, name: str) -> list[tuple[int, int]]:
    """(start, end) in ms, nearest; none is empty, none overlaps the next."""
    video = timeline.video
    spans = union((one.start_pts, one.end_pts) for one in timeline.appearances if one.name == name)
    ms = [(round(1000 * video.seconds(start)), round(1000 * video.seconds(end))) for start, end in spans]
    return union((start, max(start + 1, end)) for start, end in ms)


def _tiers(tiers: dict[str, list[tuple[int, int]]], slots: dict[int, str]) -> list[Element]:
    made, number = [], 0
    for name, spans in tiers.items():
        annotations = []
        for start, end in spans:
            number += 1
            value = element("ANNOTATION_VALUE", line(name))
            one = element(
                "ALIGNABLE_ANNOTATION",
                value,
                ANNOTATION_ID=f"a{number}",
                TIME_SLOT_REF1=slots[start],
                TIME_SLOT_REF2=slots[end],
            )
            annotations.append(element("ANNOTATION", one))
        made.append(element("TIER", *annotations, LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=line(name)))
    return made
