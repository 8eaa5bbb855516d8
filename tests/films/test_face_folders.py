"""Folders as the interface: renamed, moved into, applied, undone; nothing is lost, and the user's files stay."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import personae
from personae import say
from personae.cast.folder import CastPhoto, read_cast
from personae.cli import cli
from personae.errors import CastError, DamagedFileError, InputError, WriteError
from personae.faces.fake import draw_picture
from personae.films import face_manifest
from personae.films.face_folders import FaceFolders
from personae.films.face_manifest import FacePlace
from personae.films.face_media import FaceMedia
from personae.films.face_order import ordered
from personae.project.film import ProjectFilm
from personae.project.session import Project
from personae.settings import Settings
from personae.types import FloatArray
from tests.drawn_films import drawn_film, scene
from tests.film_maker import Pixels

SETTINGS = Settings(detector="fake", embedder="fake", lock_timeout_s=5.0)


def draw(n: int) -> Pixels:
    """Thor and Loki, a cut, Thor and Hela, a cut, Loki and Hela."""
    take = n // 6 % 5
    pairs = (("Thor", "Loki"), ("Thor", "Hela"), ("Loki", "Hela"))
    left, right = pairs[n // 30]
    return scene(n // 30, [(left, 90.0, 110.0, 80), (right, 230.0, 120.0, 84)], take=take)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without a cast, with one film."""
    folder = tmp_path_factory.mktemp("scanned")
    film = drawn_film(folder / "saga.mp4", draw, 90)
    with Project.open(folder / "personae", settings=SETTINGS) as project:
        project.films.scan(film).close()
    return folder


@pytest.fixture
def place(scanned: Path, tmp_path: Path) -> Path:
    shutil.copytree(scanned, tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def film(place: Path) -> Iterator[ProjectFilm]:
    with Project.open(place / "personae", settings=SETTINGS) as project, project.films["saga"] as opened:
        yield opened


@pytest.fixture
def folders(film: ProjectFilm) -> FaceFolders:
    found = FaceFolders.of(film)
    found.write()
    return found


def people(film: ProjectFilm) -> dict[str, set[int]]:
    """Name -> numbers of tracks."""
    found: dict[str, set[int]] = {}
    for one in film.timeline.appearances:
        found.setdefault(one.name, set()).update(one.tracks)
    return found


def pictures(folders: FaceFolders) -> dict[str, list[str]]:
    """Folder -> its pictures' keys, in the order of their names."""
    return {
        path.name: [one.stem.split("_")[1] for one in sorted(path.glob("*.jpg"))]
        for path in sorted(folders.folder.iterdir())
        if path.is_dir()
    }


def cast_of(root: Path) -> tuple[CastPhoto, ...]:
    """What a training would read, with one more character."""
    (root / "Loki").mkdir()
    Image.fromarray(draw_picture([("Loki", 96)]).pixels).save(root / "Loki" / "1.png")
    return read_cast(root).photos


def test_a_folder_per_person_the_best_first_with_every_track(film: ProjectFilm, folders: FaceFolders) -> None:
    assert set(pictures(folders)) == set(people(film)) == {"Unknown 1", "Unknown 2", "Unknown 3"}
    manifest = face_manifest.read(folders.folder)
    assert manifest is not None
    weights = {one.key: one.weight for one in manifest.pictures}
    media, found = film.face_media(), {one.key: one.place for one in manifest.pictures}
    for name, keys in pictures(folders).items():
        assert weights[keys[0]] == max(weights[key] for key in keys)
        tracks = {media.find(found[key]) for key in keys}
        assert {media.timeline.tracks[at].id for at in tracks if at is not None} == people(film)[name]
        files = sorted((folders.folder / name).iterdir())
        assert [one.name.split("_")[0] for one in files[1:]] == [f"{n:02}" for n in range(1, len(keys) + 1)]
        for path in files:
            assert path.stat().st_mode & 0o77 == 0
            if path.suffix == ".jpg":
                with Image.open(path) as picture:
                    assert picture.size == (160, 160)
    for one in film.timeline.appearances:  # what pages show is where it was
        assert one.best_picture and one.best_picture.file and (film.files.folder / one.best_picture.file).is_file()


def test_the_manifest_has_its_schema(folders: FaceFolders) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(personae.__file__).parent / "schemas" / "face-folders-1.schema.json"
    document = json.loads(face_manifest.path_of(folders.folder).read_text())
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(document)


def test_a_renamed_folder_names_its_person_and_one_undo_takes_all_back(film: ProjectFilm, folders: FaceFolders) -> None:
    before, shown = people(film), pictures(folders)
    (folders.folder / "Unknown 1").rename(folders.folder / "Monica")
    (folders.folder / "Unknown 2").rename(folders.folder / "Ross")
    foreseen = folders.foresee()
    assert {one.said() for one in foreseen.decisions} == {"Unknown 1 is Monica", "Unknown 2 is Ross"}
    assert not film.decisions.entries
    assert len(folders.apply(by="Ada").decisions) == 2
    assert people(film) == {
        "Monica": before["Unknown 1"], "Ross": before["Unknown 2"], "Unknown 3": before["Unknown 3"]
    }  # fmt: skip
    assert pictures(folders)["Monica"] == shown["Unknown 1"] and not folders.foresee().decisions
    assert {one.by for one in film.decisions.entries} == {"Ada"}
    film.undo()
    film.flush()
    assert people(film) == before and pictures(folders) == shown, "the folders follow an undo"


def test_a_moved_picture_moves_its_track_alone(film: ProjectFilm, folders: FaceFolders) -> None:
    before, root = people(film), folders.folder
    media, manifest = film.face_media(), face_manifest.read(root)
    assert manifest is not None
    path = sorted((root / "Unknown 1").glob("*.jpg"))[0]
    key = path.stem.split("_")[1]
    at = media.find(next(one.place for one in manifest.pictures if one.key == key))
    assert at is not None
    track = media.timeline.tracks[at].id
    (root / "Phoebe").mkdir()
    path.rename(root / "Phoebe" / "called otherwise.jpg")  # known by its content
    (decision,) = folders.apply().decisions
    assert (decision.kind, decision.said()) == ("give", "a face of Unknown 1 is Phoebe")
    assert people(film) == {**before, "Unknown 1": before["Unknown 1"] - {track}, "Phoebe": {track}}
    shown = pictures(folders)
    assert key in shown["Phoebe"] and key not in shown["Unknown 1"]
    film.undo()
    film.flush()
    assert people(film) == before and set(pictures(folders)) == set(before)


def test_all_pictures_moved_into_another_folder_merge_two_people(film: ProjectFilm, folders: FaceFolders) -> None:
    before, root = people(film), folders.folder
    for path in (root / "Unknown 1").glob("*.jpg"):
        path.rename(root / "Unknown 3" / path.name)
    (decision,) = folders.apply().decisions
    assert decision.kind == "merge"
    assert people(film) == {"Unknown 2": before["Unknown 2"], "Unknown 3": before["Unknown 1"] | before["Unknown 3"]}
    assert set(pictures(folders)) == {"Unknown 2", "Unknown 3"}
    film.undo()
    film.flush()
    assert people(film) == before and set(pictures(folders)) == set(before)


def test_renaming_to_a_number_of_somebody_else_merges_and_two_can_swap_numbers(
    film: ProjectFilm, folders: FaceFolders
) -> None:
    before, root = people(film), folders.folder
    (root / "Unknown 1").rename(root / "aside")
    (root / "Unknown 2").rename(root / "Unknown 1")
    (root / "aside").rename(root / "Unknown 2")
    folders.apply()
    assert people(film) == {
        "Unknown 1": before["Unknown 2"], "Unknown 2": before["Unknown 1"], "Unknown 3": before["Unknown 3"]
    }  # fmt: skip
    film.undo()
    shutil.rmtree(root / "Unknown 3")
    film.flush()
    assert set(pictures(folders)) == {"Unknown 1", "Unknown 2"} and not folders.foresee().decisions
    (root / "Unknown 1").rename(root / "unknown 3")
    (decision,) = folders.apply().decisions
    assert decision.kind == "merge" and set(people(film)) == {"Unknown 2", "Unknown 3"}


def test_a_deleted_picture_or_folder_says_nothing_and_stays_deleted(film: ProjectFilm, folders: FaceFolders) -> None:
    before, root = people(film), folders.folder
    shutil.rmtree(root / "Unknown 2")
    gone = sorted((root / "Unknown 1").glob("*.jpg"))[1:]
    for path in gone:
        path.unlink()
    assert not folders.foresee().decisions
    folders.write()
    film.relabel()
    assert people(film) == before and not (root / "Unknown 2").exists()
    # A folder counts for its person, however few pictures are left in it.
    (root / "Unknown 1").rename(root / "Monica")
    folders.apply()
    assert people(film) == {"Monica": before["Unknown 1"], "Unknown 2": before["Unknown 2"],
                            "Unknown 3": before["Unknown 3"]}  # fmt: skip
    assert len(pictures(folders)["Monica"]) == 1


@pytest.mark.parametrize(
    ("name", "problem"), [("Unknown 99", "there is no Unknown 99 here"), ("a\u200bb", "is no name for a character")]
)
def test_a_name_that_cannot_be_is_told_and_nothing_is_done(
    film: ProjectFilm, folders: FaceFolders, name: str, problem: str
) -> None:
    root = folders.folder
    (root / "Unknown 1").rename(root / "Monica")
    (root / "Unknown 2").rename(root / name)
    assert problem in " ".join(folders.foresee().problems)
    with pytest.raises(InputError, match=problem):
        folders.apply()
    assert not film.decisions.entries
    (root / name).rename(root / "Ross")
    folders.apply()
    assert set(people(film)) == {"Monica", "Ross", "Unknown 3"}


def test_two_folders_for_one_track_and_two_copies_of_a_folder_are_no_decision(
    film: ProjectFilm, folders: FaceFolders
) -> None:
    root = folders.folder
    media, manifest = film.face_media(), face_manifest.read(root)
    assert manifest is not None
    of_track = Counter(media.find(one.place) for one in manifest.pictures)
    face, several = of_track.most_common(1)[0]
    assert several > 1
    keys = [one.key for one in manifest.pictures if media.find(one.place) == face]
    paths = [next(root.rglob(f"*_{key}.jpg")) for key in keys[:2]]
    for path, name in zip(paths, ("Monica", "Ross"), strict=True):
        (root / name).mkdir()
        path.rename(root / name / path.name)
    with pytest.raises(InputError, match="one track is one person"):
        folders.apply()
    for path, name in zip(paths, ("Monica", "Ross"), strict=True):
        shutil.copy(root / name / path.name, path)
    foreseen = folders.foresee()
    assert not foreseen.decisions and not foreseen.problems
    assert any("a copy says nothing" in note for note in foreseen.notes)
    (root / "Unknown 3").rename(root / "Joey")
    shutil.copytree(root / "Joey", root / "Joey copy")
    with pytest.raises(InputError, match="copies of one folder"):
        folders.apply()


def test_a_renamed_folder_waits_for_a_scan_and_what_was_decided_elsewhere_stays(
    film: ProjectFilm, folders: FaceFolders, place: Path
) -> None:
    root, before = folders.folder, people(film)
    (root / "Unknown 1").rename(root / "Monica")
    film.decide(say.name("Unknown 2", "Ross"))
    film.flush()
    assert set(pictures(folders)) == {"Monica", "Unknown 2", "Unknown 3"}, "nothing is touched before it is applied"
    with Project.open(place / "personae", settings=SETTINGS) as project:
        for fresh in (False, True):
            with project.films.scan(place / "saga.mp4", fresh=fresh) as again:
                assert any("are not applied yet" in note and "--faces" in note for note in again.notes)
            assert set(pictures(folders)) == {"Monica", "Unknown 2", "Unknown 3"}
    with pytest.raises(InputError, match="not applied yet"):
        folders.write()
    (decision,) = folders.apply().decisions
    assert decision.said() == "Unknown 1 is Monica"
    assert {name: len(tracks) for name, tracks in people(film).items()} == {
        "Monica": len(before["Unknown 1"]), "Ross": len(before["Unknown 2"]), "Unknown 3": len(before["Unknown 3"])
    }  # fmt: skip
    assert set(pictures(folders)) == {"Monica", "Ross", "Unknown 3"}


def test_files_of_the_users_are_left_alone(film: ProjectFilm, folders: FaceFolders) -> None:
    root = folders.folder
    own = root / "Unknown 1" / "my photo.png"
    Image.fromarray(draw_picture([("Thor", 96)]).pixels).save(own)
    (root / "Unknown 1" / "notes.txt").write_text("mine")
    content = own.read_bytes()
    (root / "Unknown 1").rename(root / "Monica")
    assert any("not written by Personae: left alone" in note for note in folders.foresee().notes)
    folders.apply()
    film.undo()
    film.flush()
    assert (root / "Unknown 1" / own.name).read_bytes() == content
    for path in (root / "Unknown 1").glob("*.jpg"):
        path.rename(root / "Unknown 2" / path.name)
    folders.apply()
    assert (root / "Unknown 1" / own.name).read_bytes() == content and set(people(film)) == {"Unknown 2", "Unknown 3"}


def test_a_damaged_list_is_told_and_touched_by_nobody(film: ProjectFilm, folders: FaceFolders) -> None:
    face_manifest.path_of(folders.folder).write_text('{"schema": "personae/face-folders/1"')
    before = pictures(folders)
    with pytest.raises(DamagedFileError):
        folders.apply()
    film.relabel()
    assert pictures(folders) == before


def test_a_list_of_any_content_is_read_or_refused(folders: FaceFolders) -> None:
    path = face_manifest.path_of(folders.folder)
    good = json.loads(path.read_text())
    for part, name, value in (
        ("pictures", "place", [1, 2]), ("pictures", "place", ["a", 1, 2, 3, 4, 5]), ("pictures", "folder", "nobody"),
        ("pictures", "weight", "x"), ("folders", "unknown", 0), ("folders", "character", ""), ("folders", "mark", None),
    ):  # fmt: skip
        document = json.loads(json.dumps(good))
        document[part][0][name] = value
        path.write_text(json.dumps(document))
        with pytest.raises(DamagedFileError):
            face_manifest.read(folders.folder)


def test_the_folder_is_a_cast_folder(place: Path, film: ProjectFilm, folders: FaceFolders) -> None:
    root = folders.folder
    with pytest.raises(CastError, match="without a name alone"):
        read_cast(root)
    (root / "Unknown 1").rename(root / "Thor")
    folders.apply()
    found = read_cast(root)
    assert {photo.character for photo in found.photos} == {"Thor"}
    assert len(found.photos) == len(pictures(folders)["Thor"])
    (note,) = found.notes
    assert note.startswith("Left out: 2 folders of people without a name (Unknown 2, Unknown 3)")
    with Project.open(place / "personae", settings=SETTINGS) as project:
        report = project.cast.train(root)
        assert [one.character for one in report.characters] == ["Thor"] and report.characters[0].used >= 2
        (picture,) = project.identify([draw_picture([("Thor", 96)], take=3)])
        assert picture.identities[0].match is not None and picture.identities[0].match.character == "Thor"


def test_forgetting_takes_the_folder_the_pictures_and_the_name(place: Path, film: ProjectFilm) -> None:
    folders = FaceFolders.of(film)
    folders.write()
    root = folders.folder
    (root / "Unknown 1").rename(root / "Thor")
    (root / "Thor" / ".DS_Store").write_bytes(b"of a system")
    (root / "Unknown 2").rename(root / "Loki")
    folders.apply()
    shown = pictures(folders)
    # Not applied yet: a picture of Loki's that the user put to Thor.
    moved = sorted((root / "Loki").glob("*.jpg"))[-1]
    moved.rename(root / "Thor" / moved.name)
    film.close()
    with Project.open(place / "personae", settings=SETTINGS) as project:
        report = project.forget("Thor")
    assert not (root / "Thor").exists() and (root / "Unknown 3").is_dir()
    left = pictures(folders)
    assert set(left) == {"Loki", "Unknown 3"} and left["Unknown 3"] == shown["Unknown 3"]
    assert not {key for keys in left.values() for key in keys} & set(shown["Thor"])
    assert "Thor" not in face_manifest.path_of(root).read_text()
    assert not report.found, report.found
    with Project.open(place / "personae", settings=SETTINGS) as project, project.films["saga"] as again:
        assert not FaceFolders.of(again).foresee().decisions


def test_forgetting_leaves_files_of_the_users_and_says_so(place: Path, film: ProjectFilm, folders: FaceFolders) -> None:
    root = folders.folder
    (root / "Unknown 1").rename(root / "Thor")
    (root / "Thor" / "mine.txt").write_text("a note")
    (root / "Thor" / "Thumbs.db").write_bytes(b"of a system")
    Image.fromarray(draw_picture([("Loki", 96)]).pixels).save(root / "Thor" / "mine.png")
    folders.apply()
    film.close()
    with Project.open(place / "personae", settings=SETTINGS) as project:
        report = project.forget("Thor")
    assert not (root / "Thor").exists() and report.complete
    left = root / "left over"
    assert sorted(path.name for path in left.iterdir()) == ["Thumbs.db", "mine.png", "mine.txt"]
    assert not any(photo.path.is_relative_to(left) for photo in cast_of(root)), "nobody is called so"
    assert report.export_kinds[str(left)] == "what you put into their folder"


def test_the_command_line(place: Path) -> None:
    (place / "personae" / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\n')
    timeline = place / "personae" / "films" / "saga" / "film.timeline.json"
    root = timeline.parent / "film.faces"

    def run(*arguments: str | Path, status: int = 0) -> str:
        answer = CliRunner().invoke(cli, [str(each) for each in arguments])
        assert answer.exit_code == status, answer.output
        return answer.output

    assert "3 folders" in run("name", "--timeline", timeline, "--faces")
    assert "nothing in the folders was changed" in run("name", "--faces", root)
    (root / "Unknown 1").rename(root / "Monica")
    output = run("scan", place / "saga.mp4", "--faces", "--project", place / "personae", "--progress", "none")
    assert "are not applied yet" in output
    output = run("name", "--faces", root, "--author", "Ada")
    assert "Unknown 1 is Monica\n" in output and "1 decision applied; --undo takes" in output
    assert "added to the cast" in output
    assert "taken back: Unknown 1 is Monica" in run("name", "--timeline", timeline, "--undo")
    assert (root / "Unknown 1").is_dir() and not (root / "Monica").exists()
    run("name", "Unknown 1", "Monica", "--timeline", timeline, "--faces", "", status=2)
    run("name", "--faces", place, status=2)
    shutil.rmtree(root)
    output = run("scan", place / "saga.mp4", "--faces", "--project", place / "personae", "--progress", "none")
    assert "folders: " in output and "--faces" in output and (root / "Unknown 1").is_dir()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photos: Odin in four, Hela in three of them."""
    folder = tmp_path / "party"
    folder.mkdir()
    for take, who in enumerate([["Odin"], ["Odin", "Hela"], ["Odin", "Hela"], ["Odin"], ["Hela"]]):
        Image.fromarray(draw_picture([(one, 96) for one in who], take=take).pixels).save(folder / f"{take}.png")
    return folder


def test_folders_of_a_set_of_photos(photos: Path, tmp_path: Path) -> None:
    with Project.open(tmp_path / "project", settings=SETTINGS) as project:
        kept = project.photos.keep(photos)
        folders = FaceFolders.of(kept)
        (photos / "4.png").rename(photos / "elsewhere.png")  # not at hand
        written = folders.write()
        assert (written.people, written.pictures) == (2, 6) and written.folder == kept.folder / "faces"
        (photos / "elsewhere.png").rename(photos / "4.png")
        assert folders.write().pictures == 7, "made when the photo is there again"
        shown = pictures(folders)
        odin = next(name for name, keys in shown.items() if len(keys) == 4)
        (folders.folder / odin).rename(folders.folder / "Odin")
        moved = sorted((folders.folder / "Odin").glob("*.jpg"))[-1]
        other = next(name for name in shown if name != odin)
        moved.rename(folders.folder / other / moved.name)
        folders.apply()
        assert Counter(one.name for one in kept.faces) == {"Odin": 3, other: 4}
        kept.undo()
        folders.write()
        assert Counter(one.name for one in kept.faces) == {odin: 4, other: 3}
        assert {name: sorted(keys) for name, keys in pictures(folders).items()} == {
            name: sorted(keys) for name, keys in shown.items()
        }
        (folders.folder / odin).rename(folders.folder / "Odin")
        folders.apply()
        report = project.forget("Odin")
        assert not (folders.folder / "Odin").exists() and not report.found
        assert "Odin" not in face_manifest.path_of(folders.folder).read_text()
        assert len(pictures(folders)[other]) == 3


def test_folders_outside_the_project_are_in_its_ledger_and_forgotten(scanned: Path, tmp_path: Path) -> None:
    shutil.copy(scanned / "saga.mp4", tmp_path / "saga.mp4")
    with Project.open(tmp_path / "out" / "personae", settings=SETTINGS) as project:
        with project.films.scan(tmp_path / "saga.mp4", tmp_path / "out") as film:
            folders = FaceFolders.of(film)
            folders.write()
            root = folders.folder
            assert root == tmp_path / "out" / "saga.faces"
            (root / "Unknown 1").rename(root / "Thor")
            folders.apply()
        entry = project.context.paths.ledger.find(root)
        assert entry is not None and entry.who == ("Thor",)
        report = project.forget("Thor")
        assert report.complete and not (root / "Thor").exists() and (root / "Unknown 2").is_dir()
        assert "Thor" not in face_manifest.path_of(root).read_text()
        with project.films[film.path] as again:
            FaceFolders.of(again).write()
        assert not any(path.suffix == ".jpg" for path in (root / "Unknown 1").glob("*")), "their crops are gone too"


def test_training_does_not_count_what_pages_show(folders: FaceFolders) -> None:
    """The best pictures of appearances lie right in the folder, and are nobody's photos."""
    root = folders.folder
    (root / "Unknown 1").rename(root / "Thor")
    assert [path for path in root.iterdir() if path.suffix == ".jpg"]
    assert not any("in " + str(root) + " itself" in note for note in read_cast(root).notes)
    Image.fromarray(draw_picture([("Thor", 96)]).pixels).save(root / "holiday.jpg")
    assert any("1 photo in " + str(root) + " itself" in note for note in read_cast(root).notes)


def test_warnings_are_foreseen_and_nothing_is_done(film: ProjectFilm, folders: FaceFolders) -> None:
    root = folders.folder
    (root / "Unknown 1").rename(root / "Monica")
    folders.apply()
    (root / "Unknown 2").rename(root / "aside")  # and all out of it: the name says nothing then
    for path in (root / "aside").glob("*.jpg"):
        path.rename(root / "Monica" / path.name)
    (warning,) = folders.foresee().warnings
    assert warning.startswith("Unknown 2 is Monica: Monica is on screen beside them")
    assert len(film.decisions.entries) == 1
    (root / "monica").mkdir(exist_ok=True)
    next((root / "Unknown 3").glob("*.jpg")).rename(root / "monica" / "1.jpg")
    assert any("There is a Monica, and monica would be somebody else" in note for note in folders.foresee().notes)


def test_a_lost_list_is_made_anew_and_where_pictures_lie_still_counts(film: ProjectFilm, folders: FaceFolders) -> None:
    root, before = folders.folder, people(film)
    (root / "Unknown 1").rename(root / "Monica")
    face_manifest.path_of(root).unlink()
    lying = {path: path.read_bytes() for path in root.rglob("*_*.jpg")}
    folders.write()
    assert {path: path.read_bytes() for path in root.rglob("*_*.jpg")} == lying
    (decision,) = folders.apply().decisions
    assert decision.said() == "Unknown 1 is Monica"
    assert people(film) == {"Monica": before["Unknown 1"], **{n: before[n] for n in ("Unknown 2", "Unknown 3")}}
    assert set(pictures(folders)) == set(people(film))


@pytest.mark.parametrize("content", [None, b"{"])
def test_forgetting_without_a_list_takes_every_picture_of_ours(
    place: Path, film: ProjectFilm, folders: FaceFolders, content: bytes | None
) -> None:
    root = folders.folder
    (root / "Unknown 1").rename(root / "Thor")
    folders.apply()
    film.close()
    face_manifest.path_of(root).unlink()
    if content is not None:
        face_manifest.path_of(root).write_bytes(content)
    (root / "Unknown 2" / "mine.txt").write_text("a note")
    with Project.open(place / "personae", settings=SETTINGS) as project:
        assert project.forget("Thor").complete
    assert not list(root.rglob("*_*.jpg")) and [path.name for path in root.iterdir() if path.is_dir()] == ["Unknown 2"]
    assert not face_manifest.path_of(root).exists()


def test_pictures_that_differ_come_early_and_poor_ones_last() -> None:
    class Vectors:
        """Pictures 0 and 1 are alike, 2 differs, 3 differs most and is poor."""

        rows = np.array([[1, 0, 0], [0.99, 0.1, 0], [0.3, 0.9, 0], [-1, 0, 0.1]], np.float32)

        def find(self, place: tuple[float, ...]) -> int:
            return int(place[0])

        def vector(self, face: int, place: tuple[float, ...]) -> FloatArray:
            row: FloatArray = self.rows[face]
            return row

    weights = (0.9, 0.85, 0.5, 0.1)
    given = [FacePlace(str(at), "m", (float(at), 0, 0, 1, 1), weight, "x") for at, weight in enumerate(weights)]
    order = [one.key for one in ordered(given, cast("FaceMedia", Vectors()))]
    assert order == ["0", "2", "1", "3"]


def test_a_folder_moved_into_another_one_is_a_merge_and_no_look(film: ProjectFilm, folders: FaceFolders) -> None:
    """What `mv` does where there is a folder of that name."""
    root, before = folders.folder, people(film)
    (root / "Unknown 1").rename(root / "Monica")
    folders.apply()
    shutil.move(root / "Unknown 2", root / "Monica")
    assert (root / "Monica" / "Unknown 2").is_dir()
    folders.apply()
    assert people(film) == {"Monica": before["Unknown 1"] | before["Unknown 2"], "Unknown 3": before["Unknown 3"]}
    assert set(pictures(folders)) == {"Monica", "Unknown 3"}
    assert not [path for path in (root / "Monica").iterdir() if path.is_dir()]
    assert {photo.look for photo in read_cast(root).photos} == {None}
    (root / "Monica" / "old").mkdir()
    first = sorted((root / "Monica").glob("*.jpg"))[0]
    first.rename(root / "Monica" / "old" / first.name)
    assert not folders.foresee().decisions, "a look of one's own is one"
    folders.write()
    film.relabel()
    assert (root / "Monica" / "old" / first.name).is_file()


def test_a_write_that_broke_off_loses_nothing(
    film: ProjectFilm, folders: FaceFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, before = folders.folder, people(film)
    count = len(list(root.rglob("*_*.jpg")))
    for path in list((root / "Unknown 1").glob("*.jpg"))[:-1]:
        path.rename(root / "Unknown 2" / path.name)
    foreseen = {one.said() for one in folders.foresee().decisions}

    def full(*_: object) -> None:
        raise WriteError(root, "the disk is full")

    monkeypatch.setattr(face_manifest, "write", full)
    with pytest.raises(WriteError):
        folders.apply()
    monkeypatch.undo()
    assert {one.said() for one in film.decisions.in_force()} == foreseen, "it is decided all the same"
    assert not folders.foresee().decisions
    folders.write()
    assert {name: len(keys) > 0 for name, keys in pictures(folders).items()} == dict.fromkeys(people(film), True)
    assert len(list(root.rglob("*_*.jpg"))) == count
    film.undo()
    film.flush()
    assert people(film) == before and len(list(root.rglob("*_*.jpg"))) == count
