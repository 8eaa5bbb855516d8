"""The issue's own measure on real photos: group photos of a series, and casts drawn from Labeled Faces in the Wild."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from personae import CharacterModel, CharacterRecognizer, FaceAnalyzer
from personae.project.session import Project
from personae.recognition.backgrounds import background_for
from personae.types import AnalyzedFaces, FloatArray

pytestmark = pytest.mark.shared


def test_every_named_face_of_the_group_photos_and_no_other(shared_data: Path, tmp_path: Path) -> None:
    recognizer = CharacterRecognizer(tmp_path)
    report = recognizer.train_folder(shared_data / "bbt" / "cast")
    assert sum(item.used for item in report.characters) == 40
    groups = json.loads((shared_data / "bbt" / "groups.json").read_text())
    named = 0
    for name, expected in groups.items():
        if not name.endswith(".jpg"):
            continue
        picture = recognizer.identify_picture(shared_data / "bbt" / name)
        found = [identity.match.character for identity in picture.identities if identity.match]
        assert sorted(found) == sorted(expected), name
        named += len(found)
    assert named == 22


def test_casts_from_lfw_are_named_and_strangers_are_not(shared_data: Path) -> None:
    folder = shared_data / "lfw_dev"
    analyzer = FaceAnalyzer()
    people = {
        person.name: _centre_faces(analyzer, sorted(person.iterdir())) for person in sorted((folder / "cast").iterdir())
    }
    strangers = _centre_faces(analyzer, sorted((folder / "unknown").iterdir()))
    assert len(people) == 40 and len(strangers) >= 195
    background = background_for(analyzer.embedder_id, strangers.shape[1])
    assert background.people > 1000
    rng = np.random.default_rng(0)
    for size, draws in ((2, 60), (5, 40), (15, 40), (40, 150)):
        right = probes = 0
        wrong = []
        for _ in range(draws):
            names = rng.choice(sorted(people), size, replace=False)
            shuffled = {name: rng.permutation(people[name]) for name in names}
            model = CharacterModel(background=background).fit(
                np.concatenate([shuffled[name][:3] for name in names]), np.repeat(names, 3)
            )
            for name in names:
                matches = model.match(shuffled[name][3:])
                right += sum(match is not None and match.character == name for match in matches)
                probes += len(matches)
            wrong.append(np.mean([match is not None for match in model.match(strangers)]))
        print(f"cast of {size}: {right / probes:.2%} named rightly, {np.mean(wrong):.2%} of strangers named")
        assert right / probes >= 0.995, size
        assert np.mean(wrong) <= 0.02, size


def _centre_faces(analyzer: FaceAnalyzer, paths: list[Path]) -> FloatArray:
    """(n, d) embeddings of the face nearest the centre of each picture; pictures without a face are left out."""
    rows = []
    for _, faces in analyzer.analyze_many(paths):
        assert isinstance(faces, AnalyzedFaces)
        if len(faces):
            middle = (faces.boxes_xyxy[:, :2] + faces.boxes_xyxy[:, 2:]) / 2 - np.array(faces.size_wh) / 2
            rows.append(faces.embeddings[int(np.linalg.norm(middle, axis=1).argmin())])
    return np.stack(rows)


def test_two_faces_of_one_group_photo_are_two_people(shared_data: Path, tmp_path: Path) -> None:
    """All faces of five group photos, no cast at hand: nobody shares a number with another character or face beside.

    Of the seven at most one is found as two people: nothing was chosen on these photos, and nothing may be.
    """
    photos = sorted((shared_data / "bbt").glob("*.jpg"))
    with Project.open(tmp_path / "empty") as project:
        kept = project.photos.keep(photos, "groups")
    recognizer = CharacterRecognizer(tmp_path / "cast")  # tells who they are
    recognizer.train_folder(shared_data / "bbt" / "cast")
    number: dict[str, set[int | None]] = {}
    for path, photo in zip(photos, kept.photos, strict=True):
        assert len({face.unknown for face in photo.faces}) == len(photo.faces), photo.path
        for face, identity in zip(photo.faces, recognizer.identify_picture(path).identities, strict=True):
            if identity.match:
                number.setdefault(identity.match.character, set()).add(face.unknown)
    assert len(number) == 7
    assert sum(len(own) for own in number.values()) <= len(number) + 1, number
    assert len(set[int | None]().union(*number.values())) == sum(len(own) for own in number.values()), number
