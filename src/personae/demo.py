"""The whole path on two real photos in the public domain that come with pip packages.

NASA's portrait of Eileen Collins (scikit-image's astronaut) and the US Navy's of Grace Hopper (matplotlib's sample
data). Both are enrolled from one photo; what is identified are altered copies of the same photos, so a demo shows that
the path works, not how accurate it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from personae.errors import MissingExtraError, WriteError
from personae.exports.album import Album
from personae.files import write_error
from personae.outputs import Outputs
from personae.project.recognizer import CharacterRecognizer

if TYPE_CHECKING:
    from PIL.Image import Image

COLLINS, HOPPER = "Eileen Collins", "Grace Hopper"
SOURCES = {
    COLLINS: ("scikit-image", "skimage/data/astronaut.png"),
    HOPPER: ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
}

_MARK = ".personae-demo"
"""In a folder that is the demo's: only there it writes over what it wrote before."""


@dataclass(frozen=True)
class PictureOutcome:
    """One picture of the demo: who should be named in it, from left to right, and who was."""

    picture: str
    expected: tuple[str | None, ...]
    found: tuple[str | None, ...]
    similarity: tuple[float, ...]

    @property
    def right(self) -> bool:
        """Whether everybody got the right name, and only they."""
        return self.expected == self.found


def run(folder: Path) -> list[PictureOutcome]:
    """Enrol, alter, identify; writes photos, annotated copies, projects and results.json into `folder`.

    Raises WriteError where anything else lies in it: nothing of anybody's is mixed with the demo or written over.
    """
    _check_folder(folder)
    photos = {name: source_photo(name) for name in SOURCES}
    altered = folder / "altered"
    expected = _write_altered(photos, altered)
    outcomes = []
    both = _train(folder, "both", photos)
    outcomes += _identify(both, altered, expected, folder / "annotated")
    only = {HOPPER: photos[HOPPER]}
    group = {"group.png": expected["group.png"]}
    without = {picture: tuple(name if name in only else None for name in names) for picture, names in group.items()}
    outcomes += [
        PictureOutcome(f"{found.picture} (only {HOPPER} enrolled)", found.expected, found.found, found.similarity)
        for found in _identify(_train(folder, "only-hopper", only), altered, without, folder / "annotated-only-hopper")
    ]
    results = [{**vars(outcome), "right": outcome.right} for outcome in outcomes]
    (folder / "results.json").write_text(json.dumps(results, indent=2), encoding="utf-8")
    return outcomes


def _check_folder(folder: Path) -> None:
    """Make the folder and mark it as the demo's; WriteError for one with anything in it that is not so marked."""
    mark = folder / _MARK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not mark.is_file():
            raise WriteError(folder, "there is something else in this folder. Choose a new one: --out")
        mark.write_text("Made by: personae demo\n", encoding="utf-8")
    except OSError as error:
        raise write_error(folder, error) from error


def source_photo(name: str) -> Path:
    """Where the photo lies; the package that carries it is not imported."""
    package, file = SOURCES[name]
    try:
        path = Path(str(metadata.distribution(package).locate_file(file)))
    except metadata.PackageNotFoundError:
        raise MissingExtraError(f"The photo of {name} (in {package})", "demo") from None
    if not path.is_file():
        raise MissingExtraError(f"The photo of {name} (in {package})", "demo")
    return path


def _train(folder: Path, project: str, photos: Mapping[str, Path]) -> CharacterRecognizer:
    """A project trained on a cast folder of these photos."""
    cast = folder / f"cast-{project}"
    for name, photo in photos.items():
        (cast / name).mkdir(parents=True, exist_ok=True)
        (cast / name / photo.name).write_bytes(photo.read_bytes())
    recognizer = CharacterRecognizer(folder / f"project-{project}")
    recognizer.train_folder(cast, fresh=True)
    return recognizer


def _write_altered(photos: Mapping[str, Path], folder: Path) -> dict[str, tuple[str, ...]]:
    """Write the altered copies and a group picture; file name -> who is in it, from left to right."""
    from PIL import Image, ImageEnhance, ImageOps

    def shrunk(image: Image.Image) -> Image.Image:
        return image.resize((image.width // 4, image.height // 4), Image.Resampling.LANCZOS)

    alterations: dict[str, Callable[[Image.Image], Image.Image]] = {
        "mirrored": ImageOps.mirror,
        "dimmed": lambda image: ImageEnhance.Brightness(image).enhance(0.45),
        "grey": lambda image: image.convert("L"),
        "compressed": lambda image: image,
        "shrunk": shrunk,
    }
    folder.mkdir(parents=True, exist_ok=True)
    expected: dict[str, tuple[str, ...]] = {}
    images = {}
    for name, path in photos.items():
        with Image.open(path) as source:
            images[name] = source.convert("RGB")
        for alteration, alter in alterations.items():
            suffix = "jpg" if alteration == "compressed" else "png"
            file = f"{name.split()[-1].lower()}-{alteration}.{suffix}"
            alter(images[name]).save(folder / file, quality=20)  # PNG has no use for a quality
            expected[file] = (name,)
    _side_by_side(list(images.values())).save(folder / "group.png")
    expected["group.png"] = tuple(photos)
    return expected


def _side_by_side(images: list[Image]) -> Image:
    """One picture of the portraits at one height."""
    from PIL import Image

    height = min(image.height for image in images)
    scaled = [
        image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS) for image in images
    ]
    group = Image.new("RGB", (sum(image.width for image in scaled), height))
    x = 0
    for image in scaled:
        group.paste(image, (x, 0))
        x += image.width
    return group


def _identify(
    recognizer: CharacterRecognizer, folder: Path, expected: Mapping[str, tuple[str | None, ...]], annotated: Path
) -> list[PictureOutcome]:
    album = Album(annotated, outputs=Outputs(recognizer.project.ledger))
    outcomes = []
    for picture in recognizer.identify_pictures(folder / name for name in expected):
        order: list[int] = [] if picture.faces is None else picture.faces.boxes_xyxy[:, 0].argsort().tolist()
        identities = [picture.identities[i] for i in order]
        outcomes.append(
            PictureOutcome(
                Path(picture.path).name,
                expected[Path(picture.path).name],
                tuple(identity.match.character if identity.match else None for identity in identities),
                tuple(round(identity.candidates[0].similarity, 2) for identity in identities),
            )
        )
        album.add(picture)
    return outcomes
