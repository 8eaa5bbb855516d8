"""The commands as a user runs them, with the real networks on two public-domain photos."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from personae.cli import COMMANDS, cli, doctor
from personae.demo import COLLINS, HOPPER, source_photo
from personae.errors import EXTRAS

Run = subprocess.CompletedProcess[str]


def personae(*arguments: object, cwd: Path, **environment: str) -> Run:
    """Run the command in a fresh process, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "personae", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cast of two, a group picture, and a trained project."""
    folder = tmp_path_factory.mktemp("home")
    images = []
    for name in (COLLINS, HOPPER):
        (folder / "cast" / name).mkdir(parents=True)
        with Image.open(source_photo(name)) as photo:
            images.append(photo.convert("RGB").resize((512, 512 * photo.height // photo.width)))
        images[-1].save(folder / "cast" / name / "1.png")
    group = Image.new("RGB", (1024, 512))
    for i, image in enumerate(images):
        group.paste(image.crop((0, 0, 512, 512)), (512 * i, 0))
    (folder / "stills" / "deep").mkdir(parents=True)
    group.save(folder / "stills" / "deep" / "group.jpg", quality=90)
    Image.new("RGB", (300, 200), (90, 120, 90)).save(folder / "stills" / "meadow.png")
    done = personae("train", "cast", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def validate(document: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    text = resources.files("personae").joinpath("schemas/identify-1.schema.json").read_text()
    jsonschema.Draft202012Validator(json.loads(text)).validate(document)


def test_every_command_has_help(tmp_path: Path) -> None:
    everything = personae("--help", cwd=tmp_path)
    assert everything.returncode == 0
    for name in COMMANDS:
        assert name in everything.stdout
        done = personae(name, "--help", cwd=tmp_path)
        assert done.returncode == 0 and "Usage: " in done.stdout and len(done.stdout) > 150, name
    assert personae("--version", cwd=tmp_path).stdout.startswith("personae, version")


def test_train_prints_one_table_and_writes_nothing_into_the_cast(home: Path) -> None:
    before = sorted(home.joinpath("cast").rglob("*"))
    done = personae("train", "cast", cwd=home)
    assert done.returncode == 0 and done.stderr == ""
    assert COLLINS in done.stdout and "2 as before" in done.stdout and "0 faces embedded" in done.stdout
    assert "d'" not in done.stdout and "face_recognition_model.personae" in done.stdout
    assert sorted(home.joinpath("cast").rglob("*")) == before
    report = json.loads(personae("train", "cast", "--json", cwd=home).stdout)
    assert report["model"]["metrics"]["n_characters"] == 2 and report["faces_embedded"] == 0


def test_identify_names_both_and_finds_nobody_in_a_meadow(home: Path) -> None:
    done = personae("identify", "stills", cwd=home)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.index(COLLINS) < done.stdout.index(HOPPER)
    assert "meadow.png  no face" in done.stdout and "2 photos, 2 faces: 2 named, 0 unknown" in done.stdout


def test_json_on_stdout_is_nothing_but_json_and_fits_the_schema(home: Path) -> None:
    done = personae("identify", "stills", "--json", "-", cwd=home)
    document = json.loads(done.stdout)
    validate(document)
    assert done.stderr == "" and done.returncode == 0
    assert document["schema"] == "personae/identify/1" and document["model"]["method"] == "model"
    group = next(picture for picture in document["pictures"] if picture["path"].endswith("group.jpg"))
    assert group["size"] == [1024, 512] and group["error"] is None
    faces = sorted(group["faces"], key=lambda face: face["box"][0])
    assert [face["character"] for face in faces] == [COLLINS, HOPPER]
    assert list(faces[0]) == [
        "box", "landmarks", "detection_score", "quality", "character", "look", "similarity", "confidence",
        "method", "repeated", "ambiguous", "candidates",
    ]  # fmt: skip
    assert all(0.8 < face["similarity"] <= 1 and face["confidence"] > 0.9 for face in faces)


def test_a_stranger_is_null_in_json(home: Path, tmp_path: Path) -> None:
    (tmp_path / "cast").mkdir()
    (tmp_path / "cast" / HOPPER).symlink_to(home / "cast" / HOPPER)
    assert personae("train", "cast", cwd=tmp_path).returncode == 0
    assert personae("identify", home / "stills", "--json", "out/found.json", cwd=tmp_path).returncode == 0
    document = json.loads((tmp_path / "out" / "found.json").read_text(encoding="utf-8"))
    validate(document)
    found = {face["character"] for picture in document["pictures"] for face in picture["faces"]}
    assert found == {None, HOPPER}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["found.json"]


def test_inputs_that_fail_are_named_and_the_others_done(home: Path, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    done = personae("identify", tmp_path, home / "stills", "--json", "-", cwd=home)
    assert done.returncode == 1
    assert "note.jpg" in done.stderr and "empty.png" in done.stderr
    document = json.loads(done.stdout)
    validate(document)
    assert sum(picture["error"] is not None for picture in document["pictures"]) == 2
    assert sum(len(picture["faces"]) for picture in document["pictures"]) == 2


def test_in_an_empty_cast_everybody_is_unknown(home: Path) -> None:
    done = personae("identify", "stills", "--project", "nowhere", "--json", "-", cwd=home)
    document = json.loads(done.stdout)
    assert done.returncode == 0 and "Nobody is enrolled in nowhere" in done.stderr and "personae train" in done.stderr
    assert document["model"] is None
    faces = [face for picture in document["pictures"] for face in picture["faces"]]
    assert faces and all(face["character"] is None and face["candidates"] == [] for face in faces)
    missing = personae("identify", "stills", "--model", "x.personae", "--project", "nowhere", cwd=home)
    assert missing.returncode == 2 and "x.personae" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["identify", "missing.jpg"], "missing.jpg"),
        (["identify"], "PHOTOS"),
        (["train", "missing"], "there is no such folder"),
        (["train", "stills/meadow.png"], "this is a file"),
        (["train", "cast", "--far", "2"], "from 0.0001 to 0.5"),
        (["train", "cast", "--embedder", "nothing"], "nothing"),
        (["inspect", "--project", "nowhere"], "personae train"),
        (["models", "fetch", "nothing"], "nothing"),
        (["sing"], "sing"),
        (["train", "cast", "--project", "stills/meadow.png/inner"], "part of this path is a file"),
    ],
)
def test_wrong_use_ends_with_2_or_1_and_says_what_to_do(home: Path, arguments: list[str], message: str) -> None:
    done = personae(*arguments, cwd=home)
    assert done.returncode == (1 if arguments[-1] == "missing.jpg" else 2), done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (home / "nowhere").exists()


def test_annotate_writes_pictures_that_differ_only_around_faces(home: Path, tmp_path: Path) -> None:
    done = personae("identify", "stills", "--annotate", tmp_path / "pictures", cwd=home)
    assert done.returncode == 0
    pictures = tmp_path / "pictures"
    copies = [path.relative_to(pictures) for path in sorted(pictures.rglob("*.jpg"))]
    assert copies == [Path("deep/group.jpg"), Path("meadow.jpg")]
    with Image.open(pictures / "deep" / "group.jpg") as image:
        assert image.size == (1024, 512)


def test_threshold_overrides(home: Path) -> None:
    done = personae("identify", "stills", "--threshold", "1.0", cwd=home)
    assert "0 named, 2 unknown" in done.stdout


def test_inspect_shows_the_card(home: Path) -> None:
    done = personae("inspect", cwd=home)
    for text in (COLLINS, "sface:d128", "threshold", "1.00%", "trained"):
        assert text in done.stdout, text
    card = json.loads(personae("inspect", "--json", cwd=home).stdout)
    assert card["operating_point"]["far"] == 0.01 and len(card["characters"]) == 2


def test_models_lists_licences_and_what_is_installed(tmp_path: Path) -> None:
    listed = json.loads(personae("models", "--json", cwd=tmp_path).stdout)
    by_name = {network["name"]: network for network in listed}
    assert by_name["sface"]["installed"] and by_name["sface"]["weight_licence"] == "Apache-2.0"
    assert by_name["buffalo_l"]["non_commercial"]
    assert "NOT FOR COMMERCIAL USE" in personae("models", cwd=tmp_path).stdout


def test_doctor_finds_everything_in_order(tmp_path: Path) -> None:
    findings = json.loads(personae("doctor", "--json", cwd=tmp_path).stdout)
    assert findings["problem"] is None
    assert findings["networks"]["embedder"]["provider"] == "cpu"
    assert findings["timing"]["ms_per_face"] > 0
    broken = personae("doctor", "--provider", "cuda", cwd=tmp_path)
    if broken.returncode:  # no GPU here
        assert broken.returncode == 1 and "cuda" in broken.stderr


def test_doctor_is_complete_and_readable(tmp_path: Path) -> None:
    done = personae("doctor", cwd=tmp_path)
    assert done.returncode == 0 and "Everything works." in done.stdout
    assert "None" not in done.stdout and "{" not in done.stdout
    assert re.search(r"threads +one per physical core", done.stdout) and re.search(r"\n av +\d", done.stdout)
    assert re.search(r"description +name sface, dimension 128", done.stdout)
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    names = [re.split("[<>=~]", line)[0] for line in project["dependencies"]]
    extras = {name: rows for name, rows in project["optional-dependencies"].items() if name != "dev"}
    optional = {re.split(r"[<>=~\[]", line)[0] for rows in extras.values() for line in rows}
    assert sorted(names) == sorted(doctor.REQUIRED) and optional == {*doctor.OPTIONAL}
    for name, rows in extras.items():
        assert shlex.split(EXTRAS[name]) == [re.split("[<>=~]", line)[0] for line in rows]


def test_doctor_says_how_to_install_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in ("scikit-learn", "onnxruntime"):
            raise metadata.PackageNotFoundError(name)
        return "9.9"

    monkeypatch.setattr(metadata, "version", version)
    said = CliRunner().invoke(cli, ["doctor", "--detector", "fake", "--embedder", "fake"]).stdout
    assert re.search("scikit-learn +not installed +trains the heads .*Install it with: pip install scikit-learn", said)
    assert re.search(r"onnxruntime +9\.9 \(onnxruntime-gpu\)", said)


def test_demo_gets_everybody_right(tmp_path: Path) -> None:
    done = personae("demo", "--out", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not how accurate" in done.stdout.splitlines()[0]
    results = json.loads((tmp_path / "demo" / "results.json").read_text())
    assert len(results) == 12 and all(result["right"] for result in results)
    assert results[-1]["found"] == [None, HOPPER]
    assert len(list((tmp_path / "demo" / "annotated").iterdir())) == 11


def test_a_bar_is_drawn_on_a_terminal_only(home: Path) -> None:
    assert "\x1b" not in personae("train", "cast", cwd=home).stderr


def test_identify_loads_no_training_library(home: Path) -> None:
    script = (
        "import sys\nsys.argv = ['personae', 'identify', 'stills', '--json', '-']\nfrom personae.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=home, check=True)
    loaded = set(eval(done.stderr.splitlines()[-1]))
    assert not loaded & {"sklearn", "scipy", "onnx", "rich", "skimage", "matplotlib", "pandas"}
