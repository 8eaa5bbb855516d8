"""Sets of photos: kept, named, grouped; what people decide about them; forgetting."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click import ClickException
from click.testing import CliRunner
from PIL import Image

import personae
from personae.cast.cast import Cast
from personae.cli import cli
from personae.errors import (
    DamagedFileError,
    EmbedderMismatchError,
    InputError,
    PersonaeError,
    StoreError,
    UnknownCharacterError,
)
from personae.faces.fake import FakeEmbedder, draw_picture
from personae.films import faces_file, say
from personae.films.photo_set import PhotoSet
from personae.progress import Cancelled, Progress
from personae.project.async_session import AsyncProject
from personae.project.session import Project
from personae.settings import Settings
from personae.types import FloatArray, PixelArray

SETTINGS = Settings(detector="fake", embedder="fake")
PEOPLE = (("Thor", "Odin"), ("Loki", "Odin"), ("Odin", "Hela"), ("Hela",), ("Thor", "Hela"))


def draw(path: Path, people: Sequence[str], take: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw_picture([(name, 96) for name in people], take=take).pixels).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "holiday"
    for number, people in enumerate(PEOPLE):
        draw(folder / f"day{number % 2}" / f"{number}.png", people, number + 1)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    for name in ("Thor", "Loki"):
        for take in (0, 9):
            draw(tmp_path / "cast" / name / f"{take}.png", [name], take)
    with Project.open(tmp_path / "project", settings=SETTINGS) as opened:
        opened.cast.train(tmp_path / "cast")
        yield opened


def who(kept: PhotoSet) -> list[list[str]]:
    return [[face.name for face in photo.faces] for photo in kept.photos]


def test_photos_are_kept_and_named_as_identify_names_them(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    assert kept.name == "holiday" and project.photos.names() == ("holiday",) and kept.root == photos
    assert [photo.path for photo in kept.photos] == [f"day{n % 2}/{n}.png" for n in (0, 2, 4, 1, 3)]
    for photo in kept.photos:
        (picture,) = project.identify([photos / photo.path])
        assert picture.faces is not None and photo.size_wh == picture.faces.size_wh
        named = [
            (one.match.character, one.match.confidence) if one.match else (None, None) for one in picture.identities
        ]
        assert [(face.character, face.confidence if face.character else None) for face in photo.faces] == named
        assert np.allclose([face.box_xyxy for face in photo.faces], picture.faces.boxes_xyxy)
    assert Counter(face.name for face in kept.faces) == {"Thor": 2, "Loki": 1, "Unknown 1": 3, "Unknown 2": 3}


def test_unknown_people_are_one_across_photos_and_in_a_collage(project: Project, photos: Path, tmp_path: Path) -> None:
    kept = project.photos.keep(photos)
    odin, hela = "Unknown 1", "Unknown 2"
    assert who(kept) == [["Thor", odin], [odin, hela], ["Thor", hela], ["Loki", odin], [hela]]
    collage = project.photos.keep(draw(tmp_path / "collage" / "a.png", ["Sif", "Sif"], 1), "collage")
    assert who(collage) == [["Unknown 3", "Unknown 3"]], "the same picture twice is one person twice"


def test_what_is_shared_has_its_schema_and_no_embedding(project: Project, photos: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schemas = Path(personae.__file__).parent / "schemas"
    kept = project.photos.keep(photos)
    kept.decide([say.name("Unknown 1", "Odin"), say.no_face(("day0/2.png", 2))])
    document = json.loads(kept.files.shared.read_text())
    jsonschema.Draft202012Validator(json.loads((schemas / "photos-1.schema.json").read_text())).validate(document)
    assert [face["character"] for face in document["photos"][0]["faces"]] == ["Thor", "Odin"]
    assert "embedding" not in kept.files.shared.read_text().replace("embedder", "")
    lines = jsonschema.Draft202012Validator(json.loads((schemas / "decisions-1.schema.json").read_text()))
    for line in kept.files.decisions.read_text().splitlines():
        lines.validate(json.loads(line))
    assert {path.stat().st_mode & 0o77 for path in (kept.folder, *kept.files.every())} == {0}


def test_keeping_again_adds_and_drops_nothing_and_embeds_only_what_is_new(
    project: Project, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = who(project.photos.keep(photos))
    draw(photos / "day2" / "new.png", ["Hela", "Sif"], 7)
    embedded: list[int] = []
    embed = FakeEmbedder.embed

    def counting(self: FakeEmbedder, crops: PixelArray) -> FloatArray:
        embedded.append(len(crops))
        return embed(self, crops)

    monkeypatch.setattr(FakeEmbedder, "embed", counting)
    kept = project.photos.keep(photos)
    assert sum(embedded) == 2 and kept.name == "holiday"
    assert who(kept) == [*before, ["Unknown 2", "Unknown 3"]]
    (photos / "day0" / "0.png").unlink()
    assert who(project.photos.keep(photos)) == who(kept), "a photo that is gone stays known"
    (photos / "day1" / "1.png").rename(photos / "day1" / "moved.png")
    moved = project.photos.keep(photos)
    assert who(moved) == who(kept) and moved.photos[3].path == "day1/moved.png"
    assert sum(embedded) == 2
    draw(photos / "day1" / "3.png", ["Thor"], 3)
    assert who(project.photos.keep(photos))[4] == ["Thor"], "another photo in the place of an old one"


def test_two_folders_of_one_name_are_two_sets(project: Project, tmp_path: Path) -> None:
    for at in ("a", "b"):
        draw(tmp_path / at / "set" / "1.png", ["Sif"], 1)
        project.photos.keep(tmp_path / at / "set")
    assert project.photos.names() == ("set", "set-2")
    assert project.photos.keep(tmp_path / "a" / "set").name == "set"


def test_decisions_survive_keeping_again_and_relabelling(project: Project, photos: Path, tmp_path: Path) -> None:
    kept = project.photos.keep(photos)
    kept.decide([say.name("Unknown 2", "Hela"), say.not_them(("day1/1.png", 1)), say.stranger("Unknown 1")], by="Ada")
    kept.decide(say.no_face(("day0/4.png", 1)))
    said = [["Thor", "Unknown 1"], ["Unknown 1", "Hela"], ["", "Hela"], ["Unknown 3", "Unknown 1"], ["Hela"]]
    assert who(kept) == said
    assert {face.name for face in kept.faces if face.stranger} == {"Unknown 1"}
    for take in range(5, 9):
        draw(photos / "later" / f"{take}.png", ["Hela"], take)
    again = project.photos.keep(photos)
    assert who(again) == [*said, *[["Hela"]] * 4], "whom somebody named is named in later photos too"
    draw(tmp_path / "odin.png", ["Odin"], 0)
    project.cast.add("Odin", [tmp_path / "odin.png"])
    again.relabel()
    assert who(again)[:5] == said, "what a person said outranks the model"
    again.undo()
    assert who(again)[2] == ["Thor", "Hela"]
    again.undo()
    assert who(again)[:2] == [["Thor", "Odin"], ["Odin", "Unknown 2"]], "and what the model knows by now comes out"


def test_a_request_that_is_sent_twice_is_one_entry(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    first = kept.decide(say.name("Unknown 1", "Odin"), request="r1")
    for again in (kept, project.photos["holiday"]):
        (one,) = again.decide(say.name("Unknown 1", "Odin"), request="r1").decisions
        assert [one.id] == [each.id for each in first.decisions]
    assert len(kept.decisions.entries) == 1


def test_merge_split_and_undo(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    before = who(kept)
    kept.decide(say.merge(["Unknown 1", "Unknown 2"]))
    assert {face.name for face in kept.faces} == {"Thor", "Loki", "Unknown 1"}
    kept.undo()
    assert who(kept) == before
    kept.decide(say.split((str(photos / "day0" / "2.png"), 1)))
    assert who(kept)[1] == ["Unknown 3", "Unknown 2"]
    kept.relabel()
    assert who(kept)[1] == ["Unknown 3", "Unknown 2"]
    assert not kept.undo().warnings and who(kept) == before
    assert kept.undo().decisions == ()


def test_what_cannot_be_meant_is_said(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    with pytest.raises(UnknownCharacterError, match="There are: Thor, Unknown 1"):
        kept.decide(say.name("Sif", "Hela"))
    with pytest.raises(InputError, match="has no face 3"):
        kept.decide(say.name(("day0/0.png", 3), "Hela"))
    with pytest.raises(InputError, match="no time"):
        kept.decide(say.trim("Thor", 0, 1))
    with pytest.raises(InputError, match="can be kept"):
        project.photos.keep(photos / "none", "none")
    with pytest.raises(InputError, match="no name for a set"):
        project.photos.keep(photos, "../films")
    assert project.photos.names() == ("holiday",) and not kept.decisions.entries
    warned = kept.decide(say.name("Unknown 1", "Thor")).warnings
    assert any("beside them" in one for one in warned) and any("do not agree" in one for one in warned)


def test_two_threads_decide_at_once(project: Project, photos: Path) -> None:
    project.photos.keep(photos)
    errors: list[Exception] = []

    def name(number: int) -> None:
        try:
            project.photos["holiday"].decide(say.name((f"day{number % 2}/{number}.png", 1), f"Name {number}"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=name, args=(number,)) for number in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not errors
    assert {face.name for face in project.photos["holiday"].faces if face.number == 1} == {
        f"Name {n}" for n in range(5)
    }
    assert len(project.photos["holiday"].decisions.entries) == 5


def test_who_is_forgotten_meanwhile_is_not_learnt_from_photos(
    project: Project, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = project.photos.keep([photos])
    kept.decide(say.name("Unknown 1", "Hela"))
    assert kept.learn("Hela") > 0
    once, real = iter([True]), Cast.add_faces

    def late(self: Cast, *args: Any, **options: Any) -> Any:
        if next(once, False):
            project.forget("Hela")
        return real(self, *args, **options)

    monkeypatch.setattr(Cast, "add_faces", late)
    assert kept.learn("Hela") == 0 and "Hela" not in project.cast.characters()


def test_what_was_named_teaches_the_cast_until_it_is_undone(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    decided = kept.decide(say.name("Unknown 2", "Hela"))
    assert kept.learn("Hela", request=decided.request) == 3
    assert project.cast.characters()["Hela"] == 3
    assert any("taken out" in note for note in kept.undo().warnings)
    assert "Hela" not in project.cast.characters()


def test_names_are_those_of_today(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    kept.decide(say.name("Unknown 2", "Loki"))
    project.cast.rename("Loki", "Loge")
    project.cast.rename("Thor", "Donar")
    assert Counter(face.name for face in kept.faces) == {"Donar": 2, "Loge": 4, "Unknown 1": 3}
    kept.decide(say.name("Loge", "Thor"))


def test_decisions_about_photos_follow_a_character(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    kept.decide([say.not_them("Thor"), say.name("Unknown 2", "Loki")])
    before = Counter(face.name for face in kept.faces)
    project.cast.rename("Thor", "Donar")
    assert Counter(face.name for face in kept.relabel().faces) == before and "Donar" not in before
    project.cast.merge("Donar", "Loki", into="Donar")
    after = Counter(face.name for face in kept.relabel().faces)
    assert after["Donar"] == before["Loki"] and "Loki" not in after


def test_a_set_of_another_embedder_is_refused(project: Project, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.photos.keep(photos)
    monkeypatch.setattr(FakeEmbedder, "id", "another")
    other = Project.open(project.folder, settings=SETTINGS)
    with pytest.raises(EmbedderMismatchError, match="another"):
        other.photos.keep(photos)


@pytest.mark.parametrize("name", ["photos.faces", "photos.decisions.jsonl"])
def test_damaged_files_say_so(project: Project, photos: Path, name: str) -> None:
    kept = project.photos.keep(photos)
    kept.decide(say.name("Unknown 2", "Hela"))
    path = kept.folder / name
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\n{}\n" + content[len(content) // 2 + 4 :])
    with pytest.raises(StoreError, match="damaged"):
        _ = project.photos["holiday"].faces
    with pytest.raises(StoreError, match="damaged"):
        project.photos["holiday"].relabel()


def test_a_set_whose_faces_are_gone_says_so(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    kept.files.faces.unlink()
    with pytest.raises(StoreError, match="is missing"):
        _ = kept.faces


def test_values_that_cannot_be_are_refused(project: Project, photos: Path) -> None:
    from personae import archive

    path = project.photos.keep(photos).files.faces
    arrays, facts = archive.read(path, schema=faces_file.SCHEMA)
    for change, message in (
        ({"boxes": arrays["boxes"][:-1]}, "boxes"),
        ({"embeddings": arrays["embeddings"] * np.float32(9)}, "embeddings"),
        ({"reasons": arrays["reasons"] - 1}, "reasons"),
    ):
        archive.write(path, {**arrays, **change}, facts, schema=faces_file.SCHEMA)
        with pytest.raises(DamagedFileError, match=message):
            faces_file.read(path)
    archive.write(path, arrays, facts | {"labels": facts["labels"][1:]}, schema=faces_file.SCHEMA)
    with pytest.raises(DamagedFileError, match="labels are"):
        faces_file.read(path)


def test_a_training_in_the_middle_of_keeping_counts(
    project: Project, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from personae.films import photo_naming

    draw(tmp_path / "hela.png", ["Hela"], 0)
    once = iter([True])
    named = photo_naming.named

    def slowly(*given: object) -> object:
        found = named(*given)  # type: ignore[arg-type]
        if next(once, False):
            Project.open(project.folder, settings=SETTINGS).cast.add("Hela", [tmp_path / "hela.png"])
        return found

    monkeypatch.setattr(photo_naming, "named", slowly)
    assert Counter(face.name for face in project.photos.keep(photos).faces)["Hela"] == 3


def test_an_empty_cast_keeps_unknown_people(photos: Path, tmp_path: Path) -> None:
    with Project.open(tmp_path / "empty", settings=SETTINGS) as project:
        kept = project.photos.keep(photos)
        assert Counter(face.name for face in kept.faces) == {
            "Unknown 1": 2, "Unknown 2": 3, "Unknown 3": 3, "Unknown 4": 1,
        }  # fmt: skip
        assert json.loads(kept.files.shared.read_text())["model"] is None


def test_forget_takes_a_person_out_of_every_set(project: Project, photos: Path, tmp_path: Path) -> None:
    """Named by the model, named by a person, unnamed but alike; in paths, labels and decisions."""
    photos = photos.rename(tmp_path / "with Thor")
    draw(photos / "Thor" / "hidden.png", ["Freya", "Thor"], 4)
    kept = project.photos.keep(photos, "all")
    kept.decide(
        [say.name(("Thor/hidden.png", 1), "Thor"), say.no_face(("day0/4.png", 1)), say.name("Unknown 2", "Hela")]
    )
    kept.decide([say.name(("day0/0.png", 2), "Thor"), say.name(("day0/0.png", 2), "Loki")])
    before = Counter(face.name for face in kept.faces)
    identity = next(one for one, name in project.cast.names().items() if name == "Thor")
    vectors = [photo.faces.embeddings for photo in faces_file.read(kept.files.faces).photos]
    report = project.forget("Thor")
    assert not report.found and report.complete
    assert before["Thor"] == 3 and report.removed["faces in photos"] == 4, "also the one that is said to be no face"
    assert report.removed["decisions about photos"] >= 2 and report.unknown_people["photos/all"] >= 1
    after = Counter(face.name for face in kept.faces)
    assert after == {name: count for name, count in before.items() if name and name != "Thor"}
    gone = [vectors[photo][face].tobytes() for photo, face in ((0, 0), (0, 1), (1, 0), (3, 0))]
    for path in kept.files.every():
        content = path.read_bytes()
        assert b"Thor" not in content and identity.encode() not in content, path
        assert not any(one in content for one in gone)
    again = project.photos["all"]
    before_again = [path.read_bytes() for path in kept.files.every()]
    from personae.films.photo_keeper import PhotosKeeper
    from personae.forgetting.person import Person

    PhotosKeeper(again._store).forget(Person("Thor", frozenset({"Thor"})), lambda _: None)
    assert [path.read_bytes() for path in kept.files.every()] == before_again, "a second time changes nothing"
    assert Counter(face.name for face in project.photos.keep(photos, "all").faces) == after, "and it stays so"


def test_forget_deletes_faces_that_nobody_can_read(project: Project, photos: Path) -> None:
    kept = project.photos.keep(photos)
    content = kept.files.faces.read_bytes()
    kept.files.faces.write_bytes(content[:-40] + bytes(40))
    assert project.forget("Thor").complete
    assert not kept.files.faces.exists() and "Thor" not in kept.files.shared.read_text()


# The command line


def run(project: Project, *words: str | Path) -> tuple[int, str]:
    given = [*map(str, words), "--project", str(project.folder)]
    fakes = {"PERSONAE_DETECTOR": "fake", "PERSONAE_EMBEDDER": "fake"}
    done = CliRunner().invoke(cli, given, env=fakes, standalone_mode=False)
    if isinstance(done.exception, (PersonaeError, ClickException)):
        return 2, str(done.exception)
    assert done.exception is None
    return done.return_value or 0, done.output


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("more", [(), ("--no-keep",)])
def test_identify_keeps_nothing_unless_it_is_asked(project: Project, photos: Path, more: tuple[str, ...]) -> None:
    before = everything(photos.parent)
    code, output = run(project, "identify", photos, *more)
    assert code == 0 and "Kept" not in output and everything(photos.parent) == before


def test_identify_keep_says_what_is_kept_and_name_names_it(project: Project, photos: Path, tmp_path: Path) -> None:
    plain = run(project, "identify", photos, "--json", tmp_path / "plain.json")[1]
    for name, words in (("holiday", ("--keep",)), ("trip", ("--keep", "trip"))):
        code, output = run(project, "identify", photos, *words)
        assert code == 0 and plain.splitlines()[-1] in output
        assert "0.png  Thor, 1 unknown\n" in output and "px at" not in output, "a line for a photo with a name"
        assert output.index("9 faces: 3 named") < output.index(" Unknown 2 "), "everybody, once they are grouped"
        assert f"Kept as '{name}' in {project.folder / 'photos' / name}: 9 faces of 5 photos" in output
        assert "2 unknown" in output and "personae forget NAME" in output and "delete that folder" in output
    assert run(project, "identify", photos, "--keep", "--json", tmp_path / "kept.json")[0] == 0
    assert (tmp_path / "kept.json").read_text() == (tmp_path / "plain.json").read_text(), "also from what is stored"
    code, output = run(project, "name", "Unknown 2", "Hela", "--photos", "trip")
    assert code == 0 and "Unknown 2 is Hela; 3 faces decided by a person" in output
    assert run(project, "name", "day0/0.png#2", "--no-face", "--photos", "trip")[0] == 0
    assert who(project.photos["trip"])[:2] == [["Thor", ""], ["Unknown 1", "Hela"]]
    assert "taken back" in run(project, "name", "--undo", "--photos", "trip")[1]
    assert "to the gallery" not in output and "1 face of Hela" not in output
    code, output = run(project, "name", "Unknown 1", "Odin", "--photos", "trip", "--learn")
    assert code == 0 and "3 faces of Odin added" in output
    code, output = run(project, "name", "Unknown 2", "Hela", "--photos", "none")
    assert code == 2 and "There are: holiday, trip" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("identify", "PHOTOS", "--keep", "PHOTOS"), "Write --keep after PHOTOS"),
        (("identify", "PHOTOS", "--keep", "x", "--no-keep"), "--keep or --no-keep"),
        (("identify", "PHOTOS", "--keep", "a/b"), "no name for a set"),
        (("name", "Thor", "Loki"), "--timeline FILE or --photos SET"),
        (("name", "--import", "PHOTOS/day0/0.png", "--photos", "x"), "--import is for films"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    project: Project, photos: Path, words: tuple[str, ...], message: str
) -> None:
    code, output = run(project, *(word.replace("PHOTOS", str(photos)) for word in words))
    assert code == 2 and message in " ".join(output.split())
    assert project.photos.names() == ()


def test_forgetting_while_photos_are_kept_or_decided_about_is_the_last_word(
    project: Project, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun by another session between looking and writing: nothing is written with the name."""
    from personae.films import photo_naming
    from personae.project import forget_intention

    once = iter([True])
    named = photo_naming.named

    def slowly(*given: object) -> object:
        found = named(*given)  # type: ignore[arg-type]
        if next(once, False):
            Project.open(project.folder, settings=SETTINGS).forget("Thor")
        return found

    monkeypatch.setattr(photo_naming, "named", slowly)
    kept = project.photos.keep(photos)
    assert "Thor" not in {face.name for face in kept.faces}
    assert "Thor" not in kept.files.shared.read_text() and b"Thor" not in kept.files.faces.read_bytes()

    ends = forget_intention.end
    monkeypatch.setattr(forget_intention, "end", lambda paths: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        project.forget("Loki")
    monkeypatch.setattr(forget_intention, "end", ends)
    assert project.context.paths.is_forgetting
    with pytest.raises(UnknownCharacterError):
        kept.decide(say.name("Loki", "Somebody"))
    assert not project.context.paths.forgetting.exists() and "Loki" not in {face.name for face in kept.faces}


def test_relabelling_tells_of_its_progress_and_can_be_cancelled(project: Project, photos: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    kept = project.photos.keep(photos, progress_callback=lambda one: told.append((one.stage, one.done, one.total)))
    assert told == [("photos", done, None) for done in range(1, 6)]
    told.clear()
    kept.relabel(progress_callback=lambda one: told.append((one.stage, one.done, one.total)))
    assert told == [("photos", done, 5) for done in range(1, 6)]

    def stop(progress: Progress) -> None:
        raise Cancelled

    before = kept.files.faces.read_bytes()
    with pytest.raises(Cancelled):
        kept.relabel(progress_callback=stop)
    with pytest.raises(Cancelled):
        project.photos.keep(photos, "new", progress_callback=stop)
    assert kept.files.faces.read_bytes() == before and project.photos.names() == ("holiday",)


def test_async_keep_is_the_same(photos: Path, tmp_path: Path) -> None:
    async def keep() -> PhotoSet:
        async with AsyncProject.open(tmp_path / "empty", settings=SETTINGS) as project:
            return await project.keep(photos, "later")

    assert len(asyncio.run(keep()).faces) == 9
