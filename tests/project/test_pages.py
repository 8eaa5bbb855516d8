"""Pages of scanned films: whole commands, a mark when they are older, decisions that come back, and many films."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from personae.cli import cli
from personae.films import say
from personae.media.palette import Colours
from personae.old_pages import is_older, older_pages
from personae.project.exporting import timeline_outputs
from personae.project.film import ProjectFilm
from personae.project.reporting import report_timelines
from personae.project.session import Project
from personae.settings import Settings
from tests.browser import in_browser
from tests.drawn_films import drawn_film, drawn_recognizer, scene

FAKE = Settings(detector="fake", embedder="fake")
PLACE = "Ada's films & photos"  # what a shell has to be told in quotes


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project with two films: Thor with two people without a name, and Thor with one."""
    folder = tmp_path / PLACE
    drawn_recognizer(folder)
    people = (("Thor", 60.0, 120.0, 70), ("one", 160.0, 120.0, 70), ("two", 260.0, 120.0, 70))
    with Project.open(folder / "project", settings=FAKE) as opened:
        for name, own in (("first", people), ("second", people[:2])):
            film = drawn_film(folder / f"{name}.mp4", lambda n, own=own: scene(7, own, take=n // 3 % 5), 20)  # type: ignore[misc]
            opened.films.scan(film).close()
        yield opened


@pytest.fixture
def film(project: Project) -> ProjectFilm:
    return project.films["first"]


def names(film: ProjectFilm) -> set[str]:
    return {one.name for one in film.timeline.appearances}


def commands(page: Path) -> list[list[str]]:
    """The commands on a page, as a shell in its folder takes them apart."""
    found = re.findall(r'<code class="command">(.*?)</code>', page.read_text(encoding="utf-8"))
    return [shlex.split(html.unescape(re.sub(r"<[^>]+>", "", one))) for one in found]


def run(words: list[str]) -> str:
    assert words[0] == "personae"
    done = CliRunner().invoke(cli, words[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_page_says_that_it_is_older_until_it_is_not(project: Project, film: ProjectFilm) -> None:
    page, sheet = film.report().paths
    assert not is_older(page) and not is_older(sheet)
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    assert is_older(page) and is_older(sheet)
    assert {Path(one.path) for one in older_pages(project.context.paths.ledger)} == {page, sheet}
    film.undo()
    film.flush()
    assert not is_older(page), "what it shows is right again"
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    assert film.report().paths == (page, sheet), "what was marked is ours as it was written"
    assert not is_older(page) and "Hela" in page.read_text(encoding="utf-8")
    film.relabel()
    film.flush()
    assert not is_older(page), "nothing changed"


def test_a_page_with_a_name_that_nobody_has_any_more_is_older(project: Project, film: ProjectFilm) -> None:
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    page, _ = film.report().paths
    project.cast.rename("Loki", "Lothur")
    assert not is_older(page), "who is not on it"
    project.cast.rename("Thor", "Donar")
    assert is_older(page)
    page, _ = film.report().paths
    assert not is_older(page) and "<b>Donar</b>" in page.read_text(encoding="utf-8")


def test_a_page_that_somebody_changed_is_left_alone(film: ProjectFilm) -> None:
    page, _ = film.report().paths
    changed = page.read_bytes().replace(b"Thor", b"THOR")
    page.write_bytes(changed)
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    assert page.read_bytes() == changed


def test_the_commands_of_a_page_can_be_typed_in_its_folder(
    project: Project, film: ProjectFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "some where" / "page.html"
    other.parent.mkdir()
    for page in (film.report().paths[0], film.report(other).paths[0]):
        monkeypatch.chdir(page.parent)
        make, name = commands(page)
        assert name[:4] == ["personae", "name", "Unknown 1", "NAME"]
        run([*name[:3], f"Hela of {page.stem}", *name[4:]])
        film.close()
        assert f"Hela of {page.stem}" in names(film) and is_older(page)
        run(make)
        assert not is_older(page) and f"Hela of {page.stem}" in page.read_text(encoding="utf-8")
        film.undo()
        film.flush()


def test_a_timeline_outside_the_project_is_named_with_its_project(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = project.films.scan(tmp_path / PLACE / "first.mp4", tmp_path / "out")
    page, _ = film.report().paths
    film.close()
    monkeypatch.chdir(page.parent)
    _, name = commands(page)
    assert name[name.index("--project") + 1] == f"../{PLACE}/project"
    run([*name[:3], "Hela", *name[4:]])
    assert is_older(page) and "Hela" in names(project.films[film.path])


def test_opened_from_disk_a_page_writes_whole_paths(film: ProjectFilm) -> None:
    page, _ = film.report().paths
    drive = """
    document.querySelectorAll(".people [data-name]")[1].click();
    const result = [...document.querySelectorAll("code.command")].map(code => code.textContent);
    result.push(getComputedStyle(document.querySelector(".older")).display);
    """
    found = in_browser(page.read_bytes(), page.parent, 900, drive=drive)["result"]
    assert isinstance(found, list)
    make, name, shown = found
    assert shlex.split(make) == ["personae", "report", str(film.path)]
    assert shlex.split(name)[2:] == ["Unknown 2", "NAME", "--timeline", str(film.path)], "who was clicked on"
    assert shown == "none"
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    found = in_browser(page.read_bytes(), page.parent, 900, drive=drive)["result"]
    assert isinstance(found, list) and found[2] == "block"


TYPING = """
const press = key => dispatchEvent(new KeyboardEvent("keydown", {key}));
const type = name => {
  document.querySelector("#name").value = name;
  document.querySelector("#naming").requestSubmit();
};
const at = name => cards.findIndex(card => card.querySelector("b").textContent === name);
const click = name => cards[at(name)].click();
let saved = null;
URL.createObjectURL = blob => { saved = blob; return "blob:none"; };
HTMLAnchorElement.prototype.click = function () { globalThis.file = this.download; };
"""


def saved_by(page: Path, drive: str) -> tuple[str, str, list[Any]]:
    """What the sheet saves after that: its text, the command it then says, and more that the script tells."""
    drive = f"""{TYPING}
    const more = [];
    {drive}
    const result = [rows().map(row => JSON.stringify(row) + "\\n").join(""), "", more];
    document.querySelector("#save").click();
    result[1] = document.querySelector("#apply code").textContent;
    more.push(globalThis.file, document.querySelector("#apply").hidden);
    """
    content = page.read_bytes().replace(b"  const rows = ", b"  globalThis.rows = ")
    found = in_browser(content, page.parent, 1000, drive=drive)["result"]
    assert isinstance(found, list)
    text, command, more = found
    return str(text), str(command), more


def test_names_typed_on_the_sheet_come_back_by_the_command_it_says(
    film: ProjectFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sheet = film.report().paths
    assert 'list="names"' in sheet.read_text(encoding="utf-8")
    text, command, more = saved_by(sheet, """
    document.querySelector("#author").value = "Ada";
    more.push([...document.querySelector("#names").options].map(option => option.value));
    click("Unknown 1"); type("  Hela   of <Hel> ");
    more.push(cards[at("Unknown 1")].dataset.badge, document.querySelector("#done").textContent);
    click("Unknown 2"); type("Unknown 9");
    more.push(document.querySelector("#told").textContent);
    press("s");
    click("Thor"); type("loki");
    """)  # fmt: skip
    assert more[:4] == [["Loki", "Thor"], "Hela of <Hel>", "1 of 3 decided", "There is no Unknown 9 on this sheet."]
    words = shlex.split(command)
    assert words[:3] == ["personae", "name", "--import"] and words[3] == f"~/Downloads/{more[4]}" and more[5] is False
    assert re.fullmatch(r"first\.checked-\d{8}-\d{6}\.jsonl", more[4])
    (tmp_path / "Downloads").mkdir()
    (tmp_path / "Downloads" / more[4]).write_text(text, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    told = [run([words[0], words[1], words[2], str(tmp_path / "Downloads" / more[4]), *words[4:]]) for _ in range(2)]
    assert "3 decisions added" in told[0] and "Hela of <Hel>" in told[0] and "Loki" in told[0]
    assert "0 decisions added: all of them are there already" in told[1], "applied twice it counts once"
    film.close()
    assert names(film) == {"Hela of <Hel>", "Loki", "Unknown 2"}, "as the list has it, whatever was typed"
    assert [one.name for one in film.timeline.appearances if one.stranger] == ["Unknown 2"]
    assert {one.by for one in film.decisions.entries} == {"Ada"} and len(film.decisions.entries) == 3
    assert is_older(sheet)
    run(shlex.split(told[0].partition("Take them back with: ")[2]))
    film.close()
    assert names(film) == {"Unknown 1", "Unknown 2", "Thor"}, "one import is one command"


TYPED = """
const field = document.querySelector("#name");
const enter = word => { field.value = word; document.querySelector("#naming").requestSubmit(); };
const inField = () => document.activeElement === field;
const told = () => document.querySelector("#told").textContent;
const strike = key => (inField() ? field : document.body).dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
"""


def test_after_a_typed_name_single_keys_work_again(film: ProjectFilm) -> None:
    _, sheet = film.report().paths
    text, _, more = saved_by(sheet, TYPED + """
    click("Unknown 1"); strike("n"); more.push(inField());
    enter("Hela"); more.push(inField(), field.value, nameOf(cards[current]));
    strike("n"); more.push(inField(), field.value);
    enter(".s"); more.push(inField());
    strike("u"); more.push(cards.filter(card => card.dataset.decision).length);
    strike("."); more.push(inField());
    field.value = ""; strike("Escape"); more.push(inField());
    """.replace("nameOf(cards[current])", 'document.querySelector(".card[aria-current] b").textContent'))  # fmt: skip
    assert more[:9] == [True, False, "", "Unknown 2", True, "", False, 1, True] and more[9] is False
    assert [json.loads(row)["to"]["character"] for row in text.splitlines()[1:]] == ["Hela"]


def test_a_slip_is_no_name_on_the_sheet(film: ProjectFilm) -> None:
    _, sheet = film.report().paths
    text, _, more = saved_by(sheet, TYPED + """
    click("Unknown 1"); strike("n");
    enter("?"); more.push(told(), inField());
    enter("q"); more.push(told(), inField());
    enter("Hela"); click("Unknown 2"); strike("n");
    enter("q"); more.push(told()); enter("q"); more.push(inField());
    """)  # fmt: skip
    assert "no name" in more[0] and "Is q a name?" in more[2] and "Is q a name?" in more[4]
    assert more[1] and more[3], "to be mended there"
    assert more[5] is False, "asked twice it is one"
    assert [json.loads(row)["to"]["character"] for row in text.splitlines()[1:]] == ["Hela", "q"]


def test_who_was_left_out_is_on_the_sheet_and_can_be_named(film: ProjectFilm) -> None:
    film.decide([say.stranger("Unknown 1"), say.no_face("Unknown 2"), say.depicted("Thor")])
    film.flush()
    _, sheet = film.report().paths
    shown = sheet.read_text(encoding="utf-8")
    _, _, left = shown.partition("Left out")
    assert left.count("<li ") == 2 and "stays without a name" in left and "<b>Nobody</b>" in left
    assert left.count("data:image/jpeg") == 2, "also the picture of what was said to be no face"
    text, _, more = saved_by(sheet, """
    more.push(document.querySelector("#done").textContent);
    click("Nobody"); type("Odin");
    click("Unknown 1"); type("Hela");
    click("Thor"); press("a");
    """)  # fmt: skip
    assert more[0] == "0 of 1 decided"
    saved = sheet.with_name("saved.jsonl")
    saved.write_text(text, encoding="utf-8")
    film.import_decisions(saved)
    assert names(film) == {"Thor", "Odin", "Hela"} and not any(one.depicted for one in film.timeline.appearances)


def test_one_picture_of_an_unknown_person_is_somebody_else(project: Project, tmp_path: Path) -> None:
    def there(n: int) -> bool:
        return n < 15 or n >= 60

    path = drawn_film(
        tmp_path / "twice.mp4",
        lambda n: scene(7, [("one", 100 if n < 20 else 220, 120, 70)] if there(n) else [], take=n // 3 % 5), 75,
    )  # fmt: skip
    film = project.films.scan(path)
    assert [one.name for one in film.timeline.appearances] == ["Unknown 1", "Unknown 1"]
    _, sheet = film.report().paths
    text, _, _ = saved_by(sheet, 'cards[1].click(); press("f"); cards[0].click(); type("Hela");')
    rows = [json.loads(row) for row in text.splitlines()]
    assert [row["kind"] for row in rows[1:]] == ["split", "name"]
    saved = tmp_path / "saved.jsonl"
    saved.write_text(text, encoding="utf-8")
    film.import_decisions(saved)
    assert [one.name for one in film.timeline.appearances] == ["Hela", "Unknown 2"]


def test_two_unknown_people_become_one_on_the_sheet(film: ProjectFilm) -> None:
    _, sheet = film.report().paths
    merge, name = 'click("Unknown 2"); type("unknown 1");', 'click("Unknown 1"); type("Hela");'
    saved = sheet.with_name("saved.jsonl")
    for drive in (merge + name, name + merge):
        text, _, _ = saved_by(sheet, drive)
        saved.write_text(text, encoding="utf-8")
        film.import_decisions(saved)
        assert names(film) == {"Thor", "Hela"}
        film.undo()
        assert names(film) == {"Thor", "Unknown 1", "Unknown 2"}


def test_one_page_over_several_films(project: Project, tmp_path: Path) -> None:
    films = [project.films[name] for name in ("first", "second")]
    films[0].decide(say.name("Unknown 1", "Hela <b>"))
    for film in films:
        film.flush()
    timelines = {film.path: film.timeline for film in films}
    out = tmp_path / "pages" / "all.html"
    out.parent.mkdir()
    outputs = timeline_outputs(timelines, None, force=False)
    written = report_timelines(timelines, out, outputs).paths
    assert [path.name for path in written] == [
        "all.html", "all.first.report.html", "all.first.sheet.html", "all.second.report.html", "all.second.sheet.html",
    ]  # fmt: skip
    page = out.read_text(encoding="utf-8")
    assert "<h1>2 films</h1>" in page and "Hela &lt;b&gt;" in page and "<b>Hela" in page and "Hela <b>" not in page
    links = set(re.findall(r'href="([^"]+)"', page))
    assert links == {path.name for path in written[1:]} and all((out.parent / link).is_file() for link in links)
    thor = sum(row.visible_face_time_s for film in films for row in film.timeline.characters if row.name == "Thor")
    assert f"0:00:{thor:04.1f}" in re.sub(r"<[^>]+>", " ", page).partition("Thor")[2][:80]
    measured = in_browser(out.read_bytes(), out.parent, 360)
    assert measured["page"] == 360 and measured["wide"] == []
    films[1].decide(say.name("Unknown 1", "Odin"))
    films[1].flush()
    assert [is_older(path) for path in written] == [True, False, False, True, True]
    films[1].undo()
    films[1].flush()
    assert not is_older(out)


def test_pages_of_somebody_who_is_forgotten_are_deleted_marked_or_not(project: Project, tmp_path: Path) -> None:
    film = project.films["first"]
    out = tmp_path / "all.html"
    pages = film.report().paths
    others = [project.films[name] for name in ("first", "second")]
    timelines = {one.path: one.timeline for one in others}
    written = report_timelines(timelines, out, timeline_outputs(timelines, project.folder, force=False)).paths
    film.decide(say.name("Unknown 1", "Hela"))
    film.flush()
    assert all(map(is_older, (*pages, out)))
    project.forget("Thor")
    assert not any(path.exists() for path in (*pages, *written))


def test_films_of_one_project_have_pages_in_one_folder(project: Project, tmp_path: Path) -> None:
    paths = [project.films[name].path for name in ("first", "second")]
    (tmp_path / "pages").mkdir()
    run(["personae", "report", *map(str, paths), "-o", str(tmp_path / "pages")])
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {
        "first.report.html", "first.sheet.html", "second.report.html", "second.sheet.html",
    }  # fmt: skip


def test_the_page_over_several_films_is_renewed_by_the_command_that_is_told(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / PLACE, tmp_path / "all.html"
    paths = [project.films[name].path for name in ("second", "first")]
    project.close()
    monkeypatch.chdir(folder)
    run(["personae", "report", *(str(path.relative_to(folder)) for path in paths), "-o", str(out)])
    done = CliRunner().invoke(cli, ["name", "Unknown 1", "Hela", "--timeline", str(paths[0])])
    assert is_older(out), "Hela is in it"
    told = [line for line in done.stderr.splitlines() if "Make it anew" in line]
    assert [line.partition(" is older")[0] for line in told] == [str(out)], "the others come with it"
    monkeypatch.chdir(tmp_path)
    for command in (shlex.split(told[0].partition("Make it anew: ")[2]), commands(out)[0]):
        run(command)
        assert not is_older(out) and "Hela" in out.read_text(encoding="utf-8")
        run(["personae", "name", "--undo", "--timeline", str(paths[0])])
        assert is_older(out)
        run(["personae", "name", "Unknown 1", "Hela", "--timeline", str(paths[0])])
    run(["personae", "report", *map(str, reversed(paths)), "-o", str(out)])
    assert not is_older(out), "in another order it is the same page"


def test_a_page_over_films_of_two_projects_is_marked_and_renewed_by_either(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with Project.open(other, settings=FAKE) as opened:
        copy = opened.films.scan(tmp_path / PLACE / "second.mp4")
        copy.close()
        films = [project.films["first"], opened.films["second"]]
        out = tmp_path / "all.html"

        def write() -> None:
            timelines = {film.path: film.timeline for film in films}
            report_timelines(timelines, out, timeline_outputs(timelines, None, force=False))

        write()
        for film in (*films, *reversed(films)):
            film.decide(say.name("Unknown 1", "Hela"))
            film.flush()
            assert is_older(out)
            film.undo()
            film.flush()
            assert not is_older(out)
        for film in films:
            film.decide(say.name("Unknown 1", "Hela"))
            film.flush()
        write()
        assert not is_older(out), "what either marked is ours as it was written"
        opened.forget("Hela")
        assert not out.exists(), "in a project without a cast too a page is known by its timeline"


def test_a_contact_sheet_that_stands_alone_is_told_of_when_it_is_older(film: ProjectFilm, tmp_path: Path) -> None:
    sheet = tmp_path / "check.sheet.html"
    run(["personae", "export", str(film.path), "-o", str(sheet)])
    film.close()
    done = CliRunner().invoke(cli, ["name", "Unknown 1", "Hela", "--timeline", str(film.path)])
    assert f"{sheet} is older" in done.stderr
    run(shlex.split(done.stderr.partition("Make it anew: ")[2]))
    assert not is_older(sheet)


def colours_on(page: Path) -> dict[str, str]:
    """The colour of each character on a page."""
    rows = re.findall(
        r'class="[^"]*known" style="(--colour:var[^"]+)".*?<b>(.*?)</b>', page.read_text(encoding="utf-8")
    )
    found: dict[str, set[str]] = {}
    for colour, name in rows:
        found.setdefault(name, set()).add(colour)
    assert all(len(own) == 1 for own in found.values()), found
    return {name: own.pop() for name, own in found.items()}


def test_a_character_has_one_colour_on_all_pages_of_a_project(project: Project, tmp_path: Path) -> None:
    """Each name is in one film alone, and both wish for one colour: a film that knows its own people gives it twice."""
    wished: dict[int, str] = {}
    names_of = (f"Guest {number}" for number in range(99))
    first, second = next(
        (wished[own], name) for name in names_of if (own := Colours().of(name)) in wished or wished.update({own: name})
    )
    films = [project.films[name] for name in ("first", "second")]
    for film, name in zip(films, (first, second), strict=True):
        film.decide(say.name("Unknown 1", name))
        film.learn(name)
        film.flush()
    timelines = {film.path: film.timeline for film in films}
    out = tmp_path / "all.html"
    outputs = timeline_outputs(timelines, None, force=False)
    pages = [
        *report_timelines(timelines, out, outputs).paths,
        *(page for film in films for page in film.report().paths),
    ]
    colours = colours_on(out)
    assert set(colours) == {"Thor", first, second} and len(set(colours.values())) == 3
    assert len(pages) == 9 and all(colours_on(page).items() <= colours.items() for page in pages)
    for film in films:
        film.relabel()
        film.flush()
        assert colours_on(film.report().paths[0]).items() <= colours.items()
    project.cast.rename("Thor", "Donar")
    renamed = {**colours, "Donar": colours["Thor"]}
    assert all(colours_on(film.report().paths[0]).items() <= renamed.items() for film in films), "a name changes none"
