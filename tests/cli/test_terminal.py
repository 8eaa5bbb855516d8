"""Standard output and error whatever they are, and names and paths from outside: every command, as a user runs it."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae import CharacterRecognizer, Settings
from personae.cli import COMMANDS
from personae.faces.fake import draw_picture
from personae.names import shown
from tests.drawn_films import drawn_film, scene

FAKES = ("--detector", "fake", "--embedder", "fake")
JAPANESE, GUEST, BOLD, OLD = "\u5c71\u7530 \u2603", "[guest] Ross", "[bold]", "He\nl\x1b[31ma\u202e"
HOSTILE = "a\x1b[31mred\u202e\nx"
ENVIRONMENTS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}
SHORT = ("train", "identify", "inspect", "evaluate", "scan", "wrong path")
"""What is tried in the other environments: the tables, the lines, a message."""
T = "personae/films/film/film.timeline.json"
STEPS: dict[str, tuple[tuple[str, ...], int]] = {
    "train": (("train", "cast", *FAKES), 0),
    "train --json": (("train", "cast", "--json", *FAKES), 0),
    "identify": (("identify", "stills", *FAKES), 1),
    "identify --keep": (("identify", "stills", "--keep=kept", *FAKES), 1),
    "identify --json": (("identify", "stills", "--json", "-", *FAKES), 1),
    "inspect": (("inspect",), 0),
    "inspect --json": (("inspect", "--json"), 0),
    "evaluate": (("evaluate", *FAKES), 0),
    "evaluate --json": (("evaluate", "--json", "-", *FAKES), 0),
    "scan": (("scan", "film.mkv", *FAKES), 0),
    "scan --json": (("scan", "film.mkv", "film.mkv", "--json", "-", *FAKES), 0),
    "name": (("name", JAPANESE, "[/b]", "--timeline", T), 0),
    "relabel": (("relabel", T), 0),
    "people": (("people", "--all"), 0),
    "people --json": (("people", "--json"), 0),
    "report": (("report", T, "-o", "report.html"), 0),
    "export": (("export", T, "-o", "out.srt", "-o", "out.csv"), 0),
    "export --formats": (("export", "--formats"), 0),
    "archive": (("archive", "kept", "--xmp", "--out", "xmp", "--sort-into", "sorted"), 0),
    "select": (("select", T, "-o", "out.edl", "--character", "[/b]"), 0),
    "calibrate": (("calibrate", "strangers", *FAKES), 0),
    "add": (("add", BOLD, f"stills/{HOSTILE}/more.png", "stills/nothing.png", *FAKES), 1),
    "rename": (("rename", GUEST, "[/b]"), 0),
    "split": (("split", JAPANESE, f"{JAPANESE}/0.png", "--into", "[link]"), 0),
    "merge": (("merge", "[link]", JAPANESE), 0),
    "reject": (("reject", "stills/party.png", "--not", "[/b]", *FAKES), 0),
    "remove": (("remove", shown(OLD)), 0),
    "undo": (("undo",), 0),
    "log": (("log",), 0),
    "log --json": (("log", "--json"), 0),
    "serve": (("serve", HOSTILE), 1),
    "worker": (("worker", "--database", HOSTILE), 2),
    "keys": (("keys", "add", "Zoë"), 0),
    "keys list": (("keys", "list"), 0),
    "keys wrong name": (("keys", "add", HOSTILE), 2),
    "keys revoke": (("keys", "revoke", "Zoë"), 0),
    "jobs": (("jobs", "--all"), 0),
    "jobs wrong id": (("jobs", "--cancel", HOSTILE), 2),
    "models": (("models",), 0),
    "doctor": (("doctor", *FAKES), 0),
    "wrong name": (("rename", BOLD, HOSTILE), 2),
    "wrong path": (("train", HOSTILE), 2),
    "wrong use": (("export", HOSTILE, "-o", "x.srt"), 2),
    "wrong option": (("train", f"--{HOSTILE}"), 2),
    "forget": (("forget", BOLD, "--yes", *FAKES), 0),
}

TRIED = [("ascii", label) for label in STEPS] + [
    (name, label) for name in ENVIRONMENTS if name != "ascii" for label in SHORT
]


def marked(environment: str, *more: str) -> Any:
    """A parameter; the environments beside the hardest two are for `make check-all`."""
    marks = [] if environment in ("ascii", "C") else [pytest.mark.exhaustive]
    return pytest.param(environment, *more, marks=marks)


Run = subprocess.CompletedProcess[bytes]


def personae(home: Path, *arguments: str, environment: dict[str, str] | None = None, shell: str | None = None) -> Run:
    """The command in a fresh process; `shell`: how a shell redirects its streams."""
    command = [sys.executable, "-m", "personae", *arguments]
    if shell is not None:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    inherited = {name: value for name, value in os.environ.items() if name != "PERSONAE_PROJECT"}
    return subprocess.run(
        command, capture_output=True, cwd=home, check=False, stdin=subprocess.DEVNULL,
        env={**inherited, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8", **(environment or {})},
    )  # fmt: skip


def encoding_of(environment: str) -> str:
    return {"C": "ascii"}.get(environment, environment)


def make_home(folder: Path) -> Path:
    """A trained project whose names and paths are hostile, one of them from before names were checked."""
    cast = {JAPANESE: "Thor", GUEST: "Loki", BOLD: "Odin", "Hela": "Hela"}
    for name, identity in cast.items():
        (folder / "cast" / name).mkdir(parents=True)
        for take in (0, 9):
            Image.fromarray(draw_picture([(identity, 96)], take=take).pixels).save(
                folder / "cast" / name / f"{take}.png"
            )
    (folder / "cast" / BOLD / f"{HOSTILE}.png").write_bytes(b"no picture")
    stills = folder / "stills"
    (stills / HOSTILE).mkdir(parents=True)
    for path, people in (
        (stills / HOSTILE / "party.png", ("Thor", "Loki", "Odin")),
        (stills / "party.png", ("Loki", "Hela")),
        (stills / HOSTILE / "more.png", ("Odin",)),
    ):
        picture = draw_picture([(one, 96) for one in people], take=5)
        Image.fromarray(picture.pixels).save(path)
    Image.new("RGB", (64, 64)).save(stills / "nothing.png")
    (stills / f"{HOSTILE}.jpg").write_bytes(b"no picture")
    (folder / "strangers").mkdir()
    for number in range(4):
        picture = draw_picture([(f"stranger {number}", 96)])
        Image.fromarray(picture.pixels).save(folder / "strangers" / f"{number}.png")
    drawn_film(folder / "film.mkv", lambda number: scene(1, [("Thor", 90, 120, 80), ("Odin", 220, 120, 80)]), 30)
    made = CharacterRecognizer(folder / "personae", settings=Settings(detector="fake", embedder="fake"))
    made.train_folder(folder / "cast")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("personae.cast.editing.new_name", lambda name: name)
        made.rename_character("Hela", OLD)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("hostile") / "home")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Run]]:
    """Every step in one project, its output redirected, in the environment of that name."""

    @functools.cache
    def of(environment: str) -> dict[str, Run]:
        home = make_home(tmp_path_factory.mktemp("ran") / "home")
        labels = [label for name, label in TRIED if name == environment]
        return {label: personae(home, *STEPS[label][0], environment=ENVIRONMENTS[environment]) for label in labels}

    return of


def test_every_command_is_tried() -> None:
    # `tune` takes a while and `demo` shows nothing from outside: the last test here is enough for them.
    assert {step[0] for step, _ in STEPS.values()} == set(COMMANDS) - {"demo", "tune"}


@pytest.mark.parametrize(("environment", "label"), [marked(*each) for each in TRIED])
def test_a_command_ends_well_and_prints_nothing_raw(
    ran: Callable[[str], dict[str, Run]], environment: str, label: str
) -> None:
    done, plain = ran(environment)[label], encoding_of(environment)
    output, errors = done.stdout.decode("utf-8" if "--json" in label else plain), done.stderr.decode(plain)
    assert done.returncode == STEPS[label][1], errors
    assert "Traceback" not in errors and "fault of Personae" not in errors
    for line in (output + errors).splitlines():
        assert shown(line) == line
    assert "\x1b" not in output + errors and "\u202e" not in output + errors


@pytest.mark.parametrize("environment", [marked(name) for name in ENVIRONMENTS])
def test_names_are_shown_as_they_are_or_as_escapes(ran: Callable[[str], dict[str, Run]], environment: str) -> None:
    runs, plain = ran(environment), encoding_of(environment)
    japanese = JAPANESE if environment == "utf-8" else JAPANESE.encode("ascii", "backslashreplace").decode()
    for label in ("train", "inspect", "evaluate", "identify", "scan"):
        text = runs[label].stdout.decode(plain)
        assert japanese in text and BOLD in text, label
        assert label == "scan" or ("[guest] Ross" in text and r"He\nl\x1b[31ma\u202e" in text), label
    assert r"a\x1b[31mred\u202e\nx" in runs["wrong path"].stderr.decode()
    lines = runs["train"].stdout.decode(plain).splitlines()
    assert any(line.startswith("  ") and "x.png: unreadable" in line for line in lines)


def test_json_is_utf_8_whatever_the_encoding(ran: Callable[[str], dict[str, Run]]) -> None:
    runs = ran("ascii")
    for label in ("train --json", "identify --json", "inspect --json"):
        assert JAPANESE in json.dumps(json.loads(runs[label].stdout), ensure_ascii=False)
        assert JAPANESE.encode() in runs[label].stdout
    films = runs["scan --json"].stdout.decode().splitlines()
    assert [json.loads(film)["schema"] for film in films] == ["personae/timeline/2"] * 2


@pytest.mark.parametrize("columns", ["0", "1", "80"])
def test_any_width_will_do(template: Path, columns: str) -> None:
    for step in (("inspect",), ("train", "--help")):
        done = personae(template, *step, environment={"COLUMNS": columns})
        assert done.returncode == 0 and done.stderr == b"", done.stderr.decode()


CLOSED = ["train", "identify", "scan", "log"]


@pytest.mark.parametrize("label", CLOSED)
@pytest.mark.parametrize("redirected", [">&-", "2>&-", "<&- >&- 2>&-", "2> /dev/full"])
@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell closes the streams")
def test_a_closed_stream_stops_no_work(template: Path, tmp_path: Path, label: str, redirected: str) -> None:
    home = shutil.copytree(template, tmp_path / "home")
    step, status = STEPS[label]
    done = personae(home, *step, shell=redirected)
    assert done.returncode == status, done.stderr.decode()
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr
    if "2>" not in redirected:
        assert done.stdout == b""
    elif "<" not in redirected:
        assert done.stdout
    assert label != "scan" or json.loads((home / T).read_bytes())["appearances"]


@pytest.mark.parametrize("label", [*CLOSED, "train --json", "identify --json", "scan --json", "export", "--help"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a device of Linux")
def test_a_full_disk_behind_stdout_is_told_in_a_sentence(template: Path, tmp_path: Path, label: str) -> None:
    home = shutil.copytree(template, tmp_path / "home")
    step = (("--help",), 0) if label == "--help" else STEPS[label]
    if label == "export":
        personae(home, *STEPS["scan"][0])
        step = (("export", T, "-o", "-", "--format", "srt"), 0)
    done = personae(home, *step[0], shell="> /dev/full")
    *others, last = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert last.startswith("personae: standard output is incomplete (No space left on device)")
    assert all(line.startswith("personae: ") and "full" not in line for line in others), others
    assert not label.startswith("scan") or json.loads((home / T).read_bytes())["appearances"]


def test_nobody_to_ask_is_a_sentence_and_nothing_is_removed(template: Path) -> None:
    gallery = (template / "personae" / "gallery.sqlite").read_bytes()
    for redirected in ("<&-", "< /dev/null"):
        done = personae(template, "forget", BOLD, *FAKES, shell=redirected)
        assert done.returncode == 2 and b"Nobody can answer, so nothing was done." in done.stderr
    assert (template / "personae" / "gallery.sqlite").read_bytes() == gallery


def test_a_reader_who_has_gone_ends_it_quietly(template: Path) -> None:
    done = personae(template, "inspect", shell="| true")
    assert done.stderr == b""


def test_a_fault_of_ours_and_a_lack_of_memory_are_sentences(template: Path) -> None:
    def broken(error: str, *options: str) -> Run:
        script = (
            "import sys\nfrom personae.cli import main\nimport personae.cast.cast as c\n"
            f"def log(self): {error}\nc.Cast.log = log\n"
            f"sys.argv = ['personae', *{list(options)!r}, 'log']\nmain()\n"
        )
        return subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=template, check=False)

    done = broken("raise KeyError('a\\x1b[31mred')")
    assert done.returncode == 70 and done.stdout == b""
    first, second = done.stderr.decode().splitlines()
    assert first.startswith("personae: this is a fault of Personae: KeyError: ") and "\x1b" not in first
    assert "--verbose" in second
    told = broken("raise KeyError('a\\x1b[31mred')", "--verbose").stderr.decode()
    assert "Traceback" in told and "in log" in told and "\x1b" not in told
    for error in ("raise MemoryError", "raise ImportError('libx.so: failed to map segment: Cannot allocate memory')"):
        done = broken(error)
        assert done.returncode == 2 and done.stderr.decode().splitlines() == [
            "personae: there is not enough memory. Close other programs, or give fewer or smaller pictures at once."
        ]


def test_the_commands_print_by_the_safe_door_alone() -> None:
    import ast

    import personae.cli

    for path in Path(personae.cli.__file__).parent.glob("*.py"):
        if path.name in ("console.py", "streams.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert called not in {"click.echo", "click.secho", "click.confirm", "click.prompt", "print"}, path.name
            assert not called.startswith(("sys.stdout", "sys.stderr.write", "rich.")), path.name
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich")), path.name
