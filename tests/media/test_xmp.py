"""XMP packets: what other programs wrote stays, what we wrote is renewed and taken out; photos keep their pictures."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from personae.errors import PhotoError
from personae.media.photos import load, stored_form
from personae.media.xmp_embedding import CannotEmbedError, packet_in, with_packet
from personae.media.xmp_people import (
    People,
    Region,
    names_in,
    people_in,
    stored_area,
    with_people,
    without_people,
)
from tests import exif

ODD = 'Zoë "Ø" <&> 李小龙 🎬'
PEOPLE = People(
    (400, 300),
    (
        Region((0.3, 0.4, 0.1, 0.2), ODD, "person"),
        Region((0.6, 0.4, 0.1, 0.2), "Ross", "model", 0.973),
        Region((0.8, 0.4, 0.1, 0.1)),
    ),
)
FOREIGN = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- somebody's note -->
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="uuid:1"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:R="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:A="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:D="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:u="http://example.com/u/"
   xmp:Rating="4" xmp:Label="a&#xA;b&#x9;c &quot;d&quot;" u:own="kept">
   <xmpMM:History><rdf:Seq>
     <rdf:li stEvt:action="saved" stEvt:when="2020-01-01T00:00:00Z"/>
     <rdf:li stEvt:action="edited" stEvt:softwareAgent="Adobe Lightroom"/>
   </rdf:Seq></xmpMM:History>
   <dc:subject><rdf:Bag><rdf:li>beach</rdf:li><rdf:li>Ross</rdf:li></rdf:Bag></dc:subject>
   <dc:description><rdf:Alt>
     <rdf:li xml:lang="x-default"><![CDATA[a < b & c]]> ]] &gt; &amp;amp;</rdf:li></rdf:Alt></dc:description>
   <Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Monica</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
   <R:Regions rdf:parseType="Resource">
    <R:AppliedToDimensions D:w="4000" D:h="3000" D:unit="pixel"/>
    <R:RegionList><rdf:Bag>
     <rdf:li><rdf:Description R:Type="Face" R:Name="Monica">
       <R:Area A:x="0.1" A:y="0.1" A:w="0.1" A:h="0.1" A:unit="normalized"/></rdf:Description></rdf:li>
     <rdf:li rdf:parseType="Resource"><R:Type>Pet</R:Type><R:Name>Marcel</R:Name>
       <R:Area A:x="0.3" A:y="0.4" A:w="0.1" A:h="0.2" A:unit="normalized"/></rdf:li>
    </rdf:Bag></R:RegionList>
   </R:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def made(content: bytes | None, people: People = PEOPLE) -> bytes:
    merged = with_people(content, people).content
    assert merged is not None
    return merged


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_new_packet_is_read_back(tmp_path: Path) -> None:
    content = made(None)
    ElementTree.fromstring(content.decode().split("?>", 1)[1].rsplit("<?", 1)[0])
    assert people_in(content) == (PEOPLE.regions[0], Region((0.6, 0.4, 0.1, 0.2), "Ross", "model", 0.97),
                                  PEOPLE.regions[2])  # fmt: skip
    path = write(tmp_path / "a.xmp", content)
    tags = exif.read(path)
    assert exif.warnings(path) == []
    info = tags["XMP-mwg-rs:RegionInfo"]
    assert info["AppliedToDimensions"] == {"W": 400, "H": 300, "Unit": "pixel"}
    assert [one.get("Name") for one in info["RegionList"]] == [ODD, "Ross", None]
    assert {one["Type"] for one in info["RegionList"]} == {"Face"}
    assert info["RegionList"][1]["Area"] == {"X": 0.6, "Y": 0.4, "W": 0.1, "H": 0.2, "Unit": "normalized"}
    assert info["RegionList"][1]["Extensions"] == {"XMP-personae:DecidedBy": "model", "XMP-personae:Confidence": 0.97}
    assert info["RegionList"][0]["Extensions"] == {"XMP-personae:DecidedBy": "person"}
    assert tags["XMP-iptcExt:PersonInImage"] == [ODD, "Ross"]


def test_written_again_it_is_the_same_and_renewed_it_is_not_doubled() -> None:
    content = made(None)
    assert made(content) is content
    other = People((400, 300), (Region((0.31, 0.4, 0.1, 0.2), "Rachel", "person"), PEOPLE.regions[1]))
    renewed = made(content, other)
    assert [one.name for one in people_in(renewed)] == ["Rachel", "Ross"]
    assert names_in(renewed) == ("Rachel", "Ross")
    assert made(renewed, PEOPLE) == made(made(content, other), PEOPLE)
    assert [one.name for one in people_in(made(renewed))] == [ODD, "Ross", None]
    assert with_people(content, People((400, 300), ())).content is None, "nothing is left to say"


def test_what_other_programs_wrote_stays(tmp_path: Path) -> None:
    merged = made(FOREIGN)
    for kept in (
        b"<!-- somebody's note -->", b'x:xmptk="Adobe XMP Core 7.0-c000"', b'xmp:Rating="4"', b'u:own="kept"',
        b'xmp:Label="a&#xA;b&#x9;c &quot;d&quot;"', b"<![CDATA[a < b & c]]> ]] &gt; &amp;amp;",
        b'<rdf:li stEvt:action="saved" stEvt:when="2020-01-01T00:00:00Z"/>', b"<rdf:li>beach</rdf:li>",
        b'<R:AppliedToDimensions D:w="4000" D:h="3000" D:unit="pixel"/>',
        b'<rdf:li><rdf:Description R:Type="Face" R:Name="Monica">', b'<?xpacket end="w"?>',
    ):  # fmt: skip
        assert kept in merged, kept
    assert merged.count(b"rdf:about") == 2 and merged.count(b'rdf:about="uuid:1"') == 2
    before, after = exif.read(write(tmp_path / "a.xmp", FOREIGN)), exif.read(write(tmp_path / "b.xmp", merged))
    assert exif.warnings(tmp_path / "b.xmp") == []
    names = [one.get("Name") for one in after["XMP-mwg-rs:RegionInfo"]["RegionList"]]
    assert names == ["Monica", "Marcel", ODD, "Ross", None]
    assert after["XMP-mwg-rs:RegionInfo"]["RegionList"][:2] == before["XMP-mwg-rs:RegionInfo"]["RegionList"]
    assert after["XMP-iptcExt:PersonInImage"] == ["Monica", ODD, "Ross"]
    changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
    assert changed == {"XMP-mwg-rs:RegionInfo", "XMP-iptcExt:PersonInImage", "XMP-personae:People"}
    assert made(merged) is merged


def test_taken_out_again_the_foreign_packet_says_what_it_said(tmp_path: Path) -> None:
    merged = made(FOREIGN)
    one_less = without_people(merged, ["Ross"])
    assert one_less is not None
    assert names_in(one_less) == ("Monica", ODD) and b"<rdf:li>Ross</rdf:li>" in one_less, "their own keyword stays"
    assert without_people(merged, ["Monica", "Marcel"]) is merged, "theirs"
    gone = with_people(merged, People((400, 300), ())).content
    assert gone is not None
    assert exif.read(write(tmp_path / "a.xmp", gone)) == exif.read(write(tmp_path / "b.xmp", FOREIGN))
    assert b"personae" not in gone
    only = without_people(without_people(made(None), [ODD]) or b"", ["Ross"])
    assert only is not None and [one.name for one in people_in(only)] == [None]


def test_a_face_that_somebody_else_has_named_keeps_that_name() -> None:
    theirs = Region((0.12, 0.1, 0.1, 0.1), "Rachel")
    merged = with_people(FOREIGN, People((400, 300), (theirs, Region((0.09, 0.1, 0.1, 0.1), "Monica"))))
    assert merged.others == (("Rachel", "Monica"),) and merged.content is FOREIGN
    assert [one.name for one in people_in(FOREIGN)] == ["Monica"], "a pet is no face"


def test_regions_of_a_picture_of_another_shape_are_not_mixed_with_ours() -> None:
    """It was cropped or turned since, and places among theirs would be of theirs."""
    turned = People((300, 400), PEOPLE.regions)
    merged = with_people(FOREIGN, turned)
    assert merged.turned and merged.content is not None
    assert [one.name for one in people_in(merged.content)] == ["Monica"]
    assert names_in(merged.content) == ("Monica", ODD, "Ross")
    assert with_people(merged.content, turned).content is merged.content
    assert not with_people(FOREIGN, PEOPLE).turned, "4000x3000 and 400x300 are of one shape"
    ours = with_people(made(None), turned)
    assert not ours.turned and b"<stDim:w>300</stDim:w>" in (ours.content or b""), "our own are renewed"


def test_a_foreign_list_without_faces_is_shared_too() -> None:
    start, end = FOREIGN.index(b"     <rdf:li><rdf:Description"), FOREIGN.index(b"     <rdf:li rdf:parse")
    pets = FOREIGN[:start] + FOREIGN[end:]
    merged = made(pets)
    assert b'D:w="4000"' in merged and b"Marcel" in merged and made(merged) is merged
    gone = with_people(merged, People((400, 300), ())).content
    assert gone is not None and b"Marcel" in gone


def test_packets_that_went_wrong_are_refused_or_added_to_but_never_break_it() -> None:
    chance = random.Random(1)
    words = ((b"rdf:Bag", b"rdf:Seq"), (b"Regions", b"Region"), (b"li", b"Alt"), (b"A:x", b"A:z"), (b"Area", b"Name"))
    added, whole = 0, (FOREIGN, made(FOREIGN))
    for _ in range(100):
        content = bytearray(chance.choice(whole))
        at = chance.randrange(len(content))
        how = chance.randrange(4)
        if how == 0:
            content[at] = chance.randrange(256)
        elif how == 1:
            del content[at : at + chance.randrange(60)]
        elif how == 2:
            content[at:at] = content[at : at + 80]
        else:
            for word, other in chance.sample(words, 2):
                content = content.replace(word, other)
        try:
            merged = made(bytes(content))
        except ValueError:
            continue
        added += 1
        assert made(merged) is merged
    assert added > 15


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no xml at all", "no XML"),
        (b"<a/>", "no RDF"),
        (b"", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&b;</x:xmpmeta>', "document type"),
        (FOREIGN[:-200], "no XML"),
    ],
)
def test_what_is_no_xmp_is_not_touched(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        with_people(content, PEOPLE)


def test_packets_in_other_encodings_and_with_a_declaration() -> None:
    declared = '<?xml version="1.0" encoding="UTF-16"?>\n'
    text = declared + FOREIGN.decode()
    merged = made(text.encode("utf-16"))
    assert merged.startswith(b'<?xml version="1.0" encoding="UTF-8"?>') and names_in(merged) == names_in(made(FOREIGN))


# Where a face is in the stored picture

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""How an upright picture is stored for an orientation to turn it back."""


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
def test_regions_are_of_the_picture_as_it_is_stored(orientation: int, kind: str, tmp_path: Path) -> None:
    """MWG 2.0, 5.9: regions apply to the stored image; a reader turns them with the picture."""
    pixels = np.zeros((90, 160, 3), np.uint8)
    box = (96, 9, 128, 27)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    image = Image.fromarray(pixels)
    path, tags = tmp_path / f"a.{kind}", Image.Exif()
    tags[0x0112] = orientation
    turned = image.transpose(TURNS[orientation]) if orientation > 1 else image
    turned.save(path, exif=tags)
    shown = load(path)
    assert shown.pixels.shape == (90, 160, 3) and shown.pixels[18, 110, 0] > 200
    (width, height), found = stored_form(path)
    assert found == orientation and (width, height) == ((90, 160) if orientation > 4 else (160, 90))
    x, y, w, h = stored_area(box, (160, 90), orientation)
    stored = np.asarray(turned.convert("L")) > 128
    rows, columns = np.nonzero(stored)
    want = ((columns.min() + columns.max() + 1) / 2 / width, (rows.min() + rows.max() + 1) / 2 / height,
            (np.ptp(columns) + 1) / width, (np.ptp(rows) + 1) / height)  # fmt: skip
    assert (x, y, w, h) == pytest.approx(want, abs=0.02)


def test_the_own_rotation_of_avif_is_a_part_of_decoding(tmp_path: Path) -> None:
    pytest.importorskip("PIL._avif")
    tags = Image.Exif()
    tags[0x0112] = 6  # which becomes the file's own rotation
    Image.new("RGB", (90, 160)).save(tmp_path / "a.avif", exif=tags)
    assert load(tmp_path / "a.avif").pixels.shape == (90, 160, 3)
    assert stored_form(tmp_path / "a.avif") == ((160, 90), 1)


def test_a_box_that_reaches_out_of_the_picture_is_cut() -> None:
    assert stored_area((-10, 50, 50, 150), (100, 100), 1) == pytest.approx((0.25, 0.75, 0.5, 0.5))


def test_what_is_no_photo_has_no_stored_form(tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        stored_form(write(tmp_path / "a.jpg", b"\xff\xd8\xff"))
    with pytest.raises(PhotoError, match="no such file"):
        stored_form(tmp_path / "b.jpg")


# In the photo's own file


def photo(kind: str, **options: Any) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    tags, content = Image.Exif(), io.BytesIO()
    tags[0x0112], tags[0x010F] = 6, "Leica"
    Image.fromarray(noise).save(content, kind, exif=tags, **options)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_names_go_into_a_photo_and_its_picture_stays_byte_for_byte(kind: str, tmp_path: Path) -> None:
    plain, packet = photo(kind, dpi=(300, 300)), made(None)
    named = with_packet(plain, packet)
    assert packet_in(plain) is None and packet_in(named) == packet
    at = named.index(packet)
    cut = named[: at - (4 + 29 if kind == "JPEG" else 30)] + named[at + len(packet) + (0 if kind == "JPEG" else 4) :]
    assert cut == plain, "all else is the file as it was"
    assert with_packet(named, None) == plain
    path = write(tmp_path / f"a.{kind.lower()}", named)
    assert np.array_equal(np.asarray(Image.open(path)), np.asarray(Image.open(io.BytesIO(plain))))
    before, after = exif.read(write(tmp_path / f"b.{kind.lower()}", plain)), exif.read(path)
    assert {name: after.get(name) for name in before} == before
    assert after["XMP-iptcExt:PersonInImage"] == [ODD, "Ross"] and exif.warnings(path) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_names_are_added_to_the_xmp_that_is_there(kind: str, tmp_path: Path) -> None:
    theirs = with_packet(photo(kind), FOREIGN)
    packet = packet_in(theirs)
    assert packet == FOREIGN
    named = with_packet(theirs, made(packet))
    tags = exif.read(write(tmp_path / f"a.{kind.lower()}", named))
    assert tags["XMP-xmp:Rating"] == 4 and tags["XMP-iptcExt:PersonInImage"] == ["Monica", ODD, "Ross"]
    assert with_packet(named, FOREIGN) == theirs


def test_compressed_xmp_in_a_png_is_read() -> None:
    plain = with_packet(photo("PNG"), FOREIGN)
    body = b"iTXtXML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(FOREIGN)
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    at = plain.index(b"iTXt") - 4
    packed = plain[:at] + chunk + plain[at + 12 + int.from_bytes(plain[at : at + 4]) :]
    assert packet_in(packed) == FOREIGN


def test_files_in_which_something_would_break_are_left_alone() -> None:
    plain = photo("JPEG")
    several = plain[:2] + b"\xff\xe2\0\x08MPF\0MM" + plain[2:]
    credentials = plain[:2] + b"\xff\xeb\0\x08JP\0\1\0\0" + plain[2:]
    for content, why in (
        (several, "several pictures"),
        (credentials, "credentials"),
        (plain[:40], "no whole JPEG"),
        (photo("PNG")[:60], "no whole PNG"),
        (photo("WEBP"), "JPEG and PNG only"),
    ):
        with pytest.raises(CannotEmbedError, match=why):
            with_packet(content, made(None))
    crowd = People((400, 300), tuple(Region((0.001 * n, 0.5, 0.01, 0.01), f"Extra {n}") for n in range(200)))
    with pytest.raises(CannotEmbedError, match="64 KB"):
        with_packet(plain, made(None, crowd))
