"""What archives get of photos: sidecars, folders per person, names inside copies; forgetting finds all of it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae import say
from personae.cli import cli
from personae.errors import InputError, SettingError, WriteError
from personae.faces.fake import draw_picture
from personae.files import write_error
from personae.forgetting.names import NameSearch
from personae.media.xmp_embedding import packet_in
from personae.media.xmp_people import names_in, people_in
from personae.project.session import Project
from personae.settings import Settings
from tests import exif
from tests.media.test_xmp import FOREIGN as FOREIGN_PACKET
from tests.media.test_xmp import TURNS

SETTINGS = Settings(detector="fake", embedder="fake")
FOREIGN = FOREIGN_PACKET.replace(b'D:w="4000" D:h="3000"', b'D:w="2400" D:h="1280"')  # of the shape of a/1.jpg
PHOTOS: dict[str, tuple[str, ...]] = {
    "a/1.jpg": ("Thor", "Odin"),
    "b/1.jpg": ("Loki", "Thor"),
    "b/2.png": ("Hela",),
    "b/3.webp": ("Thor",),
}


def draw(path: Path, people: Sequence[str], take: int, orientation: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(draw_picture([(name, 96) for name in people], take=take).pixels)
    tags = Image.Exif()
    tags[0x0112] = orientation
    image = image.transpose(TURNS[orientation]) if orientation > 1 else image
    image.save(path, exif=tags, quality=95)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number, (path, people) in enumerate(PHOTOS.items(), 1):
        draw(folder / path, people, number, 6 if path == "b/1.jpg" else 1)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    for name in ("Thor", "Loki"):
        for take in (0, 9):
            draw(tmp_path / "cast" / name / f"{take}.png", [name], take)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\n')
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        opened.cast.train(tmp_path / "cast")
        yield opened


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content's digest; links as such."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()
    }  # fmt: skip


def names(path: Path) -> tuple[str, ...]:
    """The names in a sidecar, or in a photo's own XMP."""
    content = path.read_bytes()
    packet = content if path.suffix == ".xmp" else packet_in(content)
    return () if packet is None else names_in(packet)


def files(folder: Path) -> dict[str, tuple[str, ...]]:
    """Sidecars and photos below a folder with the names in them."""
    return {str(path.relative_to(folder)): names(path) if path.suffix != ".webp" else () for path in
            sorted(folder.rglob("*")) if path.is_file()}  # fmt: skip


def run(project: Project, *arguments: str | Path, status: int = 0) -> str:
    words = [*map(str, arguments), "--project", str(project.folder)]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert (done.return_value or 0) == status and done.exception is None, (done.output, done.exception)
    return done.output


# Sidecars


def test_identified_photos_get_sidecars_in_folders_like_theirs(project: Project, photos: Path, tmp_path: Path) -> None:
    before = digests(photos)
    text = run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp")
    assert f"XMP sidecars of 4 photos in {tmp_path / 'xmp'}" in text
    assert files(tmp_path / "xmp") == {
        "a/1.jpg.xmp": ("Thor",), "b/1.jpg.xmp": ("Loki", "Thor"), "b/2.png.xmp": (), "b/3.webp.xmp": ("Thor",)
    }  # fmt: skip
    assert digests(photos) == before, "nothing is written among the user's photos"
    first = digests(tmp_path / "xmp")
    run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp")
    assert digests(tmp_path / "xmp") == first
    run(project, "identify", photos, "--out", tmp_path / "short", "--adobe-names", "--no-unknown")
    assert list(files(tmp_path / "short")) == ["a/1.xmp", "b/1.xmp", "b/3.xmp"]
    assert [one.name for one in people_in((tmp_path / "short" / "a" / "1.xmp").read_bytes())] == ["Thor"]


def test_a_turned_photo_has_its_regions_where_its_file_stores_the_faces(
    project: Project, photos: Path, tmp_path: Path
) -> None:
    project.archive(project.identify([photos / "b" / "1.jpg"]), out=tmp_path / "xmp")
    path = tmp_path / "xmp" / "1.jpg.xmp"
    info = exif.read(path)["XMP-mwg-rs:RegionInfo"]
    stored = Image.open(photos / "b" / "1.jpg")
    applied = info["AppliedToDimensions"]
    assert (applied["W"], applied["H"]) == stored.size and stored.size[0] < stored.size[1]
    for one in info["RegionList"]:  # the face cut out of the stored picture, and then turned, is that person's
        x, y, w, h = (one["Area"][side] for side in "XYWH")
        left, top = round((x - w / 2) * stored.width), round((y - h / 2) * stored.height)
        right, bottom = round((x + w / 2) * stored.width), round((y + h / 2) * stored.height)
        cut = stored.crop((left, top, right, bottom)).transpose(Image.Transpose.ROTATE_270)
        whole = Image.new("RGB", (128, 128), (90, 90, 90))
        whole.paste(cut, (16, 16))
        (picture,) = project.identify([np.asarray(whole)])
        assert [each.match.character for each in picture.identities if each.match] == [one["Name"]]


def test_what_a_person_decided_is_what_is_written(project: Project, photos: Path, tmp_path: Path) -> None:
    kept = project.photos.keep(photos, "holiday")

    def who(path: str, number: int = 1) -> str:
        return next(one for one in kept.photos if one.path == path).faces[number - 1].name

    kept.decide([
        say.name(who("a/1.jpg", 2), "Odin"), say.not_them(("b/3.webp", 1)), say.stranger(who("b/2.png")),
        say.depicted(("b/1.jpg", 1)),
    ])  # fmt: skip
    done = project.archive("holiday", out=tmp_path / "xmp", sort_into=tmp_path / "sorted")
    assert files(tmp_path / "xmp") == {
        "a/1.jpg.xmp": ("Thor", "Odin"), "b/1.jpg.xmp": ("Thor",), "b/3.webp.xmp": ()
    }, "of a stranger, or somebody on a poster, nothing is said"  # fmt: skip
    regions = people_in((tmp_path / "xmp" / "a" / "1.jpg.xmp").read_bytes())
    assert [(one.name, one.decided_by) for one in regions] == [("Thor", "model"), ("Odin", "person")]
    nobody = who("b/3.webp")
    assert nobody.startswith("Unknown ")
    assert sorted(files(tmp_path / "sorted")) == ["Odin/1.jpg", "Thor/1-2.jpg", "Thor/1.jpg", f"{nobody}/3.webp"]
    assert len(done.sidecars) == 3 and done.people == 3
    kept.decide(say.name(nobody, "Odin"))
    again = project.archive(project.photos["holiday"], out=tmp_path / "xmp", sort_into=tmp_path / "sorted")
    assert names(tmp_path / "xmp" / "b" / "3.webp.xmp") == ("Odin",), "renewed"
    assert (tmp_path / "sorted" / "Odin" / "3.webp").is_file()
    assert [note for note in again.notes if "of other people now" in note and f"{nobody}/3.webp" in note]


def test_nothing_gets_among_the_users_photos_unless_told_so(project: Project, photos: Path, tmp_path: Path) -> None:
    before = digests(photos)
    pictures = list(project.identify([photos / "a" / "1.jpg", photos / "b" / "3.webp"]))
    with pytest.raises(InputError, match="beside-originals"):
        project.archive(pictures, out=photos)
    with pytest.raises(InputError, match="folder of its own"):
        project.archive(pictures, sort_into=tmp_path)
    wrong: list[dict[str, Any]] = [{"xmp": True}, {"links": True}, {"out": tmp_path / "x", "beside_originals": True}]
    for wishes in wrong:
        with pytest.raises(SettingError):
            project.archive(pictures, **wishes)
    with pytest.raises(SettingError, match="into the photos"):
        project.archive(pictures, sort_into=tmp_path / "x", links=True, embed=True)
    assert digests(photos) == before


def test_photos_without_a_sidecar_are_accounted_for(project: Project, photos: Path, tmp_path: Path) -> None:
    draw(photos / "a" / "nobody.png", [], 0)
    text = run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp")
    assert f"XMP sidecars of 4 photos in {tmp_path / 'xmp'}; 1 photo without one: nobody in it to write down" in text
    text = run(project, "identify", photos, "--xmp", "--no-unknown", "--out", tmp_path / "named")
    assert "XMP sidecars of 3 photos" in text and "; 2 photos without one: nobody in them to write down" in text


def test_a_foreign_sidecar_is_added_to_and_renewed(project: Project, photos: Path) -> None:
    foreign = photos / "a" / "1.jpg.xmp"
    foreign.write_bytes(FOREIGN)
    before = {name: digest for name, digest in digests(photos).items() if not name.endswith(".xmp")}
    text = run(project, "identify", photos, "--xmp", "--beside-originals")
    assert "XMP sidecars of 4 photos beside them" in text
    assert names(foreign) == ("Monica", "Thor") and b'xmp:Rating="4"' in foreign.read_bytes()
    assert [one.name for one in people_in(foreign.read_bytes())] == ["Monica", "Thor", None]
    first = digests(photos)
    assert {name: digest for name, digest in first.items() if not name.endswith(".xmp")} == before
    run(project, "identify", photos, "--xmp", "--beside-originals")
    assert digests(photos) == first
    # Another program rates the photo and writes the file its own way.
    foreign.write_bytes(foreign.read_bytes().replace(b'xmp:Rating="4"', b'xmp:Rating="5"'))
    project.cast.rename("Thor", "Donar")
    run(project, "identify", photos, "--xmp", "--beside-originals")
    assert names(foreign) == ("Monica", "Donar") and b'xmp:Rating="5"' in foreign.read_bytes()


def test_a_sidecar_that_is_damaged_or_not_ours_is_left_alone(project: Project, photos: Path, tmp_path: Path) -> None:
    damaged = photos / "a" / "1.jpg.xmp"
    damaged.write_bytes(FOREIGN[:-300])
    text = run(project, "identify", photos, "--xmp", "--beside-originals", status=1)
    assert damaged.read_bytes() == FOREIGN[:-300] and "It is left alone." in text
    other = tmp_path / "xmp" / "a" / "1.jpg.xmp"
    other.parent.mkdir(parents=True)
    other.write_bytes(FOREIGN)
    text = run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp", status=1)
    assert other.read_bytes() == FOREIGN and "is not one that Personae wrote" in text
    assert (tmp_path / "xmp" / "b" / "1.jpg.xmp").is_file(), "the others are done"
    run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp", "--force")
    assert names(other) == ("Monica", "Thor"), "added to, also by force"


def test_a_sidecar_that_is_no_xmp_is_a_failure(project: Project, photos: Path) -> None:
    wrong = [b"", b"<x", b"<rdf/>", b"<!DOCTYPE x>" + FOREIGN]
    places = [photos / f"{path}.xmp" for path in PHOTOS]
    for path, content in zip(places, wrong, strict=True):
        path.write_bytes(content)
    text = run(project, "identify", photos, "--xmp", "--beside-originals", status=1)
    assert [path.read_bytes() for path in places] == wrong
    assert all(f"personae: {path}: " in text for path in places) and "XMP sidecars of 0 photos" in text


@pytest.mark.parametrize("place", ["--out", "--beside-originals", "--sort-into"])
def test_what_stands_in_the_place_of_a_sidecar_stops_no_other(
    project: Project, photos: Path, tmp_path: Path, place: str
) -> None:
    folder = photos if place == "--beside-originals" else tmp_path / "new"
    wrong = ["a/1.jpg.xmp", "b/1.jpg.xmp", "b/2.png.xmp"]
    if place == "--sort-into":
        wrong = ["Thor/1.jpg.xmp", "Loki/1.jpg.xmp", "Thor/3.webp.xmp"]
    a_folder, a_pipe, a_loop = (folder / name for name in wrong)
    for path in (a_folder, a_pipe):
        path.parent.mkdir(parents=True, exist_ok=True)
    a_folder.mkdir()
    os.mkfifo(a_pipe)
    a_loop.symlink_to(a_loop)
    into = [place] if place == "--beside-originals" else [place, folder]
    text = run(project, "identify", photos, "--xmp", *into, "--force", status=1)
    assert [text.count(f"{path}: ") for path in (a_folder, a_pipe, a_loop)] == [1, 1, 1]
    assert a_folder.is_dir() and a_pipe.is_fifo() and a_loop.is_symlink()
    assert len([path for path in folder.rglob("*.xmp") if path.is_file()]) == 1, "the other one is done"


def test_a_file_in_the_place_of_a_persons_folder_stops_nobody_else(
    project: Project, photos: Path, tmp_path: Path
) -> None:
    for name, more in (("links", ["--links"]), ("copies", [])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Thor").write_bytes(b"mine")
        text = run(project, "identify", photos, "--sort-into", tmp_path / name, *more, status=1)
        assert "a part of this path is a file" in text and "of 1 person" in text
        assert sorted(digests(tmp_path / name)) == ["Loki/1.jpg", "Thor"]
        assert (tmp_path / name / "Thor").read_bytes() == b"mine"


def test_a_full_disk_stops_everything(project: Project, photos: Path, tmp_path: Path) -> None:
    from personae.exports import sidecars

    def full(path: Path, content: bytes) -> None:
        raise write_error(path, OSError(28, "No space left on device")) from OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sidecars, "write_whole", full)
        with pytest.raises(WriteError, match="the disk is full"):
            project.archive(project.identify([photos / "a" / "1.jpg"]), out=tmp_path / "xmp")


def test_photos_of_nobody_are_counted(project: Project, photos: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(photos / "empty.png")
    text = run(
        project, "identify", photos, "--xmp", "--out", tmp_path / "xmp", "--sort-into", tmp_path / "sorted"
    )  # fmt: skip
    assert f"XMP sidecars of 4 photos in {tmp_path / 'xmp'}; 1 photo without one: nobody in it to write down\n" in text
    assert f"of 2 people in {tmp_path / 'sorted'}; 2 photos in no folder: nobody in them to sort by\n" in text


def test_two_photos_never_share_a_sidecar(project: Project, tmp_path: Path) -> None:
    for name, who in (("1.jpg", "Thor"), ("1.png", "Loki")):
        draw(tmp_path / "same" / name, [who], 1)
    for _ in range(2):
        project.archive(project.identify([tmp_path / "same" / "1.jpg", tmp_path / "same" / "1.png"]),
                        out=tmp_path / "xmp", adobe_names=True)  # fmt: skip
        assert files(tmp_path / "xmp") == {"1.png.xmp": ("Loki",), "1.xmp": ("Thor",)}


def test_a_photo_that_was_changed_or_is_gone_is_said(project: Project, photos: Path, tmp_path: Path) -> None:
    project.photos.keep(photos, "holiday")
    draw(photos / "a" / "1.jpg", ["Loki", "Hela"], 3)  # as large, but of others
    (photos / "b" / "2.png").unlink()
    text = run(project, "archive", "holiday", "--xmp", "--out", tmp_path / "xmp", status=1)
    assert "a/1.jpg: the photo was changed" in text and "b/2.png: there is no such file" in text
    assert list(files(tmp_path / "xmp")) == ["b/1.jpg.xmp", "b/3.webp.xmp"]


# A folder per person


def test_photos_are_sorted_into_a_folder_per_person(project: Project, photos: Path, tmp_path: Path) -> None:
    before, into = digests(photos), tmp_path / "sorted"
    text = run(project, "identify", photos, "--sort-into", into)
    assert f"4 sorted photos of 2 people in {into}" in text
    assert sorted(digests(into)) == ["Loki/1.jpg", "Thor/1-2.jpg", "Thor/1.jpg", "Thor/3.webp"]
    assert digests(into)["Thor/1.jpg"] == before["a/1.jpg"] and digests(into)["Thor/1-2.jpg"] == before["b/1.jpg"]
    assert (into / "Loki" / "1.jpg").stat().st_mtime_ns == (photos / "b" / "1.jpg").stat().st_mtime_ns
    run(project, "identify", photos, "--sort-into", into)
    assert len(digests(into)) == 4 and digests(photos) == before, "the second run makes nothing twice"


def test_copies_get_sidecars_or_the_names_themselves(project: Project, photos: Path, tmp_path: Path) -> None:
    run(project, "identify", photos, "--sort-into", tmp_path / "beside", "--xmp")
    assert files(tmp_path / "beside") == {
        "Loki/1.jpg": (), "Loki/1.jpg.xmp": ("Loki", "Thor"), "Thor/1-2.jpg": (),
        "Thor/1-2.jpg.xmp": ("Loki", "Thor"), "Thor/1.jpg": (), "Thor/1.jpg.xmp": ("Thor",),
        "Thor/3.webp": (), "Thor/3.webp.xmp": ("Thor",),
    }  # fmt: skip
    text = run(project, "identify", photos, "--sort-into", tmp_path / "inside", "--embed")
    assert "beside 1 of the copies, not in them: XMP is put into JPEG and PNG only." in text
    inside = files(tmp_path / "inside")
    assert inside == {
        "Loki/1.jpg": ("Loki", "Thor"), "Thor/1-2.jpg": ("Loki", "Thor"), "Thor/1.jpg": ("Thor",),
        "Thor/3.webp": (), "Thor/3.webp.xmp": ("Thor",),
    }  # fmt: skip
    copy, photo = tmp_path / "inside" / "Loki" / "1.jpg", photos / "b" / "1.jpg"
    assert np.array_equal(np.asarray(Image.open(copy)), np.asarray(Image.open(photo)))
    assert exif.read(copy)["IFD0:Orientation"] == "Rotate 90 CW"
    first = digests(tmp_path / "inside")
    run(project, "identify", photos, "--sort-into", tmp_path / "inside", "--embed")
    assert digests(tmp_path / "inside") == first


def test_links_point_to_the_photos(project: Project, photos: Path, tmp_path: Path) -> None:
    for _ in range(2):
        run(project, "identify", photos, "--sort-into", tmp_path / "sorted", "--links", "--xmp")
        found = digests(tmp_path / "sorted")
        assert found["Thor/1-2.jpg"] == f"-> {photos / 'b' / '1.jpg'}"
        assert sorted(name for name in found if name.endswith(".xmp")) == [
            "Loki/1.jpg.xmp", "Thor/1-2.jpg.xmp", "Thor/1.jpg.xmp", "Thor/3.webp.xmp"
        ]  # fmt: skip
        assert len(found) == 8


def test_what_somebody_put_into_the_folders_is_not_written_over(project: Project, photos: Path, tmp_path: Path) -> None:
    mine = tmp_path / "sorted" / "Thor" / "1.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    run(project, "identify", photos / "a", "--sort-into", tmp_path / "sorted")
    assert mine.read_bytes() == b"mine" and (tmp_path / "sorted" / "Thor" / "1-2.jpg").is_file()
    edited = tmp_path / "sorted" / "Thor" / "1-2.jpg"
    edited.write_bytes(edited.read_bytes() + b"edited")
    run(project, "identify", photos / "a", "--sort-into", tmp_path / "sorted")
    assert edited.read_bytes().endswith(b"edited")
    assert sorted(path.name for path in mine.parent.iterdir()) == ["1-2.jpg", "1.jpg"]


@pytest.mark.parametrize("name", ["AC/DC", "CON", "x" * 120 + "é" * 80, "Dr. No."])
def test_every_name_can_be_a_folder(project: Project, photos: Path, tmp_path: Path, name: str) -> None:
    project.cast.rename("Thor", name)
    for _ in range(2):
        project.archive(project.identify([photos / "a" / "1.jpg"]), sort_into=tmp_path / "sorted")
        (folder,) = (tmp_path / "sorted").iterdir()
        assert [path.name for path in folder.iterdir()] == ["1.jpg"]
        assert folder.name.upper() != "CON" and not folder.name.endswith(".")
    report = project.forget(name)
    assert report.complete and list((tmp_path / "sorted").iterdir()) == []


# Forgetting


def traces(folder: Path, name: str) -> list[str]:
    """Files and folders below a folder that name somebody, in their content or as their own name."""
    search = NameSearch({name})
    return [
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))
        if search.in_file_name(path.name)
        or (path.is_file() and not path.is_symlink() and search.in_bytes(path.read_bytes()))
    ]  # fmt: skip


def test_a_forgotten_person_is_in_no_sidecar_and_no_copy(project: Project, photos: Path, tmp_path: Path) -> None:
    foreign = photos / "a" / "1.jpg.xmp"
    foreign.write_bytes(FOREIGN)
    away = tmp_path / "away"
    before = {name: digest for name, digest in digests(photos).items() if not name.endswith(".xmp")}
    run(project, "identify", photos, "--xmp", "--beside-originals")
    run(project, "identify", photos, "--xmp", "--out", away / "xmp", "--sort-into", away / "inside", "--embed")
    run(project, "identify", photos, "--xmp", "--sort-into", away / "beside")
    run(project, "identify", photos, "--xmp", "--sort-into", away / "links", "--links")
    assert len(traces(away, "Thor")) > 12
    run(project, "forget", "Thor", "--yes")
    assert traces(away, "Thor") == []
    assert files(away) == {
        "beside/Loki/1.jpg": (), "beside/Loki/1.jpg.xmp": ("Loki",), "inside/Loki/1.jpg": ("Loki",),
        "links/Loki/1.jpg": (), "links/Loki/1.jpg.xmp": ("Loki",),
        "xmp/a/1.jpg.xmp": (), "xmp/b/1.jpg.xmp": ("Loki",), "xmp/b/2.png.xmp": (),
    }  # fmt: skip
    assert [path.name for path in sorted(photos.rglob("*.xmp"))] == ["1.jpg.xmp", "1.jpg.xmp", "2.png.xmp"]
    assert names(foreign) == ("Monica",) and b'xmp:Rating="4"' in foreign.read_bytes()
    assert [one.name for one in people_in(foreign.read_bytes())] == ["Monica", None]
    after = digests(photos)
    assert {name: after[name] for name in before} == before, "the photos are the user's, also behind links"
    assert "Thor" not in str(project.context.paths.ledger.entries())
    assert np.array_equal(np.asarray(Image.open(away / "inside" / "Loki" / "1.jpg")),
                          np.asarray(Image.open(photos / "b" / "1.jpg")))  # fmt: skip


def test_what_another_program_wrote_again_is_cleaned_all_the_same(
    project: Project, photos: Path, tmp_path: Path
) -> None:
    run(project, "identify", photos, "--xmp", "--out", tmp_path / "xmp", "--sort-into", tmp_path / "sorted", "--embed")
    sidecar, copy = tmp_path / "xmp" / "b" / "1.jpg.xmp", tmp_path / "sorted" / "Loki" / "1.jpg"
    mine = tmp_path / "xmp" / "a" / "1.jpg.xmp"
    for path in (sidecar, copy):
        exif._run("-overwrite_original", "-XMP-xmp:Rating=3", str(path))
        assert names(path) == ("Loki", "Thor")
    mine.write_bytes(mine.read_bytes().replace(b"</rdf:RDF>", b'<rdf:Description rdf:about="" '
                     b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Thor himself</dc:title>'
                     b"</rdf:Description></rdf:RDF>"))  # fmt: skip
    edited = tmp_path / "sorted" / "Thor" / "3.webp"
    edited.write_bytes(edited.read_bytes() + b"edited")
    report = project.forget("Thor")
    assert report.complete
    for path in (sidecar, copy):
        assert names(path) == ("Loki",)
        assert exif.read(path)["XMP-xmp:Rating"] == 3
    assert {Path(path).name for path in report.exports} == {"1.jpg.xmp", "3.webp"}, "what the user says, and changed"
    assert names(mine) == () and b"Thor himself" in mine.read_bytes() and edited.exists()
    assert [path.name for path in edited.parent.iterdir()] == ["3.webp"]


@pytest.fixture
def named(project: Project, photos: Path) -> Project:
    """Somebody known from photos that others are on too: a set with Odin, beside Thor in a/1.jpg, and alone."""
    draw(photos / "c" / "4.png", ["Odin"], 7)
    kept = project.photos.keep(photos, "holiday")
    who = next(one for one in kept.photos if one.path == "c/4.png").faces[0].name
    run(project, "name", "holiday", f"{who}=Odin", "--yes")
    return project


HOW = [["--links", "--xmp"], ["--embed"], ["--xmp"]]


@pytest.mark.parametrize("how", HOW, ids=" ".join)
def test_what_was_deleted_is_not_listed_as_left(named: Project, photos: Path, tmp_path: Path, how: list[str]) -> None:
    run(named, "archive", "holiday", "--sort-into", tmp_path / "sorted", *how)
    assert sorted(path.name for path in (tmp_path / "sorted" / "Odin").iterdir() if path.suffix != ".xmp") == [
        "1.jpg", "4.png"
    ]  # fmt: skip
    text = run(named, "forget", "Odin", "--yes")
    assert "written elsewhere" not in text
    assert not (tmp_path / "sorted" / "Odin").exists() and (tmp_path / "sorted" / "Thor" / "1.jpg").exists()


def test_what_stays_is_said_as_it_is(named: Project, photos: Path, tmp_path: Path) -> None:
    run(named, "archive", "holiday", "--sort-into", tmp_path / "inside", "--embed")
    run(named, "archive", "holiday", "--sort-into", tmp_path / "copies")
    changed = {name: tmp_path / name / "Odin" / "4.png" for name in ("inside", "copies")}
    for path in changed.values():
        path.write_bytes(path.read_bytes() + b"mine")
    text = run(named, "forget", "Odin", "--yes")
    assert names(changed["inside"]) == () and changed["inside"].read_bytes().endswith(b"mine")
    lines = [line for line in text.splitlines() if line.startswith("written elsewhere")]
    assert sorted(lines) == [
        "written elsewhere earlier, and changed since: the name was taken out, the rest stays: "
        f"{changed['inside'].resolve()} (sorted photo with names)",
        f"written elsewhere earlier, not touched: {changed['copies'].resolve()} (sorted photo)",
    ]


@pytest.mark.parametrize("away", [False, True])
def test_a_link_of_the_users_own_is_left_alone(named: Project, photos: Path, tmp_path: Path, away: bool) -> None:
    run(named, "archive", "holiday", "--sort-into", tmp_path / "disk" / "links", "--links")
    mine, ours = (tmp_path / "disk" / "links" / "Odin" / name for name in ("1.jpg", "4.png"))
    mine.unlink()
    mine.symlink_to(photos / "b" / "3.webp")
    if away:
        (tmp_path / "disk").rename(tmp_path / "unplugged")
    report = named.forget("Odin")
    if away:
        (tmp_path / "unplugged").rename(tmp_path / "disk")
        named.cast.rename("Loki", "Low-key")
        assert named.context.paths.ledger.to_be_cleaned() == ()
    else:
        assert report.exports == (str(mine.parent.resolve() / mine.name),)
    assert mine.readlink() == photos / "b" / "3.webp" and not ours.is_symlink()


def test_a_link_of_an_earlier_version_goes_too(named: Project, photos: Path, tmp_path: Path) -> None:
    run(named, "archive", "holiday", "--sort-into", tmp_path / "links", "--links")
    ledger = named.context.paths.ledger
    for entry in ledger.of_kinds(["photo link"]):  # they were noted without a digest
        ledger.record(entry.path, sha256="", kind=entry.kind, who=entry.who, source=entry.source)
    mine = tmp_path / "links" / "Odin" / "1.jpg"
    mine.unlink()
    mine.symlink_to(photos / "b" / "3.webp")
    named.forget("Odin")
    assert list(digests(tmp_path / "links" / "Odin")) == ["1.jpg"]


def test_a_folder_that_the_user_deleted_is_no_disk_that_is_away(named: Project, photos: Path, tmp_path: Path) -> None:
    for name, how in (("links", ["--links"]), ("copies", ["--xmp"])):
        run(named, "archive", "holiday", "--sort-into", tmp_path / name, *how)
        shutil.rmtree(tmp_path / name / "Odin")
    text = run(named, "forget", "Odin", "--yes")
    assert "written elsewhere" not in text and "NOT REACHED" not in text


def test_killed_after_the_last_copy_the_empty_folder_goes(named: Project, tmp_path: Path) -> None:
    from personae.forgetting import archived

    run(named, "archive", "holiday", "--sort-into", named.folder / "sorted")
    run(named, "archive", "holiday", "--sort-into", tmp_path / "sorted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archived, "leave_folder", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            named.forget("Odin")
    for folder in (named.folder, tmp_path):
        assert list((folder / "sorted" / "Odin").iterdir()) == []
    assert named.forget("Odin").exports == ()
    assert not (named.folder / "sorted" / "Odin").exists() and not (tmp_path / "sorted" / "Odin").exists()


def test_an_unplugged_disk_is_cleaned_when_it_is_back(project: Project, photos: Path, tmp_path: Path) -> None:
    disk, before = tmp_path / "disk" / "archive", digests(photos)
    run(project, "identify", photos, "--xmp", "--out", disk / "xmp", "--sort-into", disk / "inside", "--embed")
    run(project, "identify", photos, "--sort-into", disk / "links", "--links")
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    assert len(project.forget("Thor").unreached) == 11
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    assert traces(disk, "Thor")
    project.cast.rename("Loki", "Low-key")
    assert traces(disk, "Thor") == [] and digests(photos) == before
    assert project.context.paths.ledger.to_be_cleaned() == ()
    assert names(disk / "inside" / "Loki" / "1.jpg") == ("Loki",)


def test_sorted_into_the_project_only_their_own_copies_go(project: Project, photos: Path) -> None:
    inside = project.folder / "sorted"
    own = project.folder / "photos" / "mine.jpg"  # the same bytes as a copy
    own.parent.mkdir(exist_ok=True)
    own.write_bytes((photos / "a" / "1.jpg").read_bytes())
    run(project, "identify", photos, "--sort-into", inside)
    project.forget("Thor")
    assert sorted(digests(inside)) == ["Loki/1.jpg"] and own.exists()


def test_a_link_that_cannot_be_deleted_now_never_stands_for_its_photo(
    project: Project, photos: Path, tmp_path: Path
) -> None:
    before = digests(photos)
    run(project, "identify", photos, "--sort-into", tmp_path / "links", "--links")
    unlink = Path.unlink

    def denied(path: Path, missing_ok: bool = False) -> None:
        if path.is_symlink():
            raise PermissionError(13, "Permission denied")
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", denied)
        unreached = dict(project.forget("Thor").unreached)
    assert set(unreached.values()) == {"no permission to write there"} and len(unreached) == 3
    assert set(unreached) == {str(path) for path in (tmp_path / "links" / "Thor").iterdir()}
    project.cast.rename("Loki", "Low-key")
    assert not (tmp_path / "links" / "Thor").exists() and digests(photos) == before
    assert list(digests(tmp_path / "links")) == ["Loki/1.jpg"]


def test_photos_that_were_sorted_below_their_own_folder_are_not_read_again(project: Project, photos: Path) -> None:
    for _ in range(2):
        text = run(project, "identify", photos, "--sort-into", photos / "sorted")
        assert "4 photos, 6 faces" in text
    assert len(digests(photos / "sorted")) == 4


@pytest.mark.parametrize("how", [["--embed"], ["--links"], ["--annotate"]], ids=" ".join)
def test_copies_below_the_photos_are_no_photos_of_a_set(
    project: Project, photos: Path, tmp_path: Path, how: list[str]
) -> None:
    below = photos / "below"
    into: list[str | Path] = ["--annotate", below] if how == ["--annotate"] else ["--sort-into", below, *how]
    run(project, "identify", photos, "--keep", "holiday", *into)
    copies = sum(path.suffix != ".xmp" for path in below.rglob("*") if path.is_file())
    assert copies == 4
    if how == ["--embed"]:
        exif._run("-overwrite_original", "-XMP-xmp:Rating=3", str(below / "Thor" / "1.jpg"))
    for said in (
        run(project, "identify", photos, "--keep", "holiday"),
        run(project, "identify", photos),
        " ".join([*project.photos.keep([photos], "again").notes, "4 photos"]),
    ):
        assert "Left out: 4 copies that Personae made of these photos." in said and "4 photos" in said
    assert {len(one.photos) for one in project.photos} == {4}
    assert len(project.photos.keep(below, "alone").photos) == 4, "asked for alone they are photos as any other"
    named = run(project, "identify", photos / "b", below / ("b" if how == ["--annotate"] else "Loki") / "1.jpg")
    assert "Left out" not in named and "4 photos" in named, "and so is what is named outright"


def test_a_copy_that_became_a_photo_of_its_own_is_one(project: Project, photos: Path) -> None:
    run(project, "identify", photos, "--sort-into", photos / "below")
    draw(photos / "below" / "Loki" / "1.jpg", ["Hela"], 8)  # something else, under the name of a copy
    (photos / "a" / "1.jpg").unlink()  # and a copy whose photo is gone
    text = run(project, "identify", photos)
    assert "Left out: 2 copies that Personae made" in text and "5 photos" in text
