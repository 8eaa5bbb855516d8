"""Files and their names as attacks: ways out of the media roots, uploads that are something else, bombs."""

from __future__ import annotations

import io
import os
import struct
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from personae import Project, Settings
from personae.errors import InputError
from personae.faces.fake import draw_picture
from personae.jobs.uploaded import UPLOADED
from personae.server import uploads
from personae.server.roots import MediaRoots, is_plain
from tests.server.conftest import API, Served

FAKES = Settings(detector="fake", embedder="fake", max_picture_mpx=4.0)


@pytest.fixture
def roots(tmp_path: Path) -> MediaRoots:
    media = tmp_path / "media"
    (media / "inside").mkdir(parents=True)
    (media / "inside" / "a.mp4").write_bytes(b"film")
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (tmp_path / "media2").mkdir()
    (tmp_path / "media2" / "b.mp4").write_bytes(b"secret")
    return MediaRoots([media])


def picture(size: int = 160) -> bytes:
    found = io.BytesIO()
    Image.fromarray(draw_picture([("Thor", 96)], take=0).pixels).resize((size, size)).save(found, "PNG")
    return found.getvalue()


def has_uploads(served: Served) -> bool:
    folder = served.project.folder / "cache" / "uploads"
    return folder.exists() and bool(list(folder.iterdir()))


# Media roots


@pytest.mark.parametrize(
    "inside",
    ["..", "../secret.mp4", "inside/../../secret.mp4", "inside/../inside/a.mp4", "/etc/passwd", "//etc/passwd",
     "../media2/b.mp4", "a\0.mp4", "inside/a.mp4\0.jpg", "\ud800", "nothing", "x" * 5000, "x/" * 3000, "~/x"],
)  # fmt: skip
def test_there_is_no_way_out(roots: MediaRoots, inside: str) -> None:
    with pytest.raises(InputError):
        roots.find(roots.roots[0].id, inside)


def test_what_lies_inside_is_found(roots: MediaRoots) -> None:
    root = roots.roots[0]
    assert roots.find(root.id, "inside/a.mp4") == root.path / "inside" / "a.mp4"
    assert roots.find(root.id, "") == root.path and roots.find(root.id, "./inside/") == root.path / "inside"
    assert roots.holds(root.path / "inside" / "a.mp4") and not roots.holds(root.path.parent / "secret.mp4")
    with pytest.raises(InputError):
        roots.find("no such root", "inside/a.mp4")


def test_a_link_that_leads_out_is_not_there(roots: MediaRoots) -> None:
    root = roots.roots[0]
    (root.path / "file.mp4").symlink_to(root.path.parent / "secret.mp4")
    (root.path / "folder").symlink_to(root.path.parent)
    (root.path / "round").symlink_to("round")
    (root.path / "good.mp4").symlink_to("inside/a.mp4")
    for inside in ("file.mp4", "folder", "folder/secret.mp4", "folder/media2/b.mp4", "round"):
        with pytest.raises(InputError):
            roots.find(root.id, inside)
        assert inside == "round" or not roots.holds(root.path / inside)
    assert roots.find(root.id, "good.mp4") == root.path / "inside" / "a.mp4"


def test_a_link_that_was_changed_meanwhile_leads_nowhere_else(roots: MediaRoots) -> None:
    root = roots.roots[0]
    (root.path / "now.mp4").symlink_to("inside/a.mp4")
    found = roots.find(root.id, "now.mp4")
    (root.path / "now.mp4").unlink()
    (root.path / "now.mp4").symlink_to(root.path.parent / "secret.mp4")
    assert found.read_bytes() == b"film", "what was found is the file itself"


def test_the_project_is_not_there_although_it_lies_in_a_root(tmp_path: Path) -> None:
    project = tmp_path / "personae"
    project.mkdir()
    (project / "server.token").write_text("secret")
    (tmp_path / "link").symlink_to(project)
    roots = MediaRoots([tmp_path], without=[project])
    for inside in ("personae", "personae/server.token", "link/server.token"):
        with pytest.raises(InputError):
            roots.find(roots.roots[0].id, inside)
        assert not roots.holds(tmp_path / inside)


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_letters_composed_and_taken_apart_are_the_same_name(tmp_path: Path, written: Any, asked: Any) -> None:
    path = tmp_path / unicodedata.normalize(written, "Zoë é") / unicodedata.normalize(written, "Ångström.mp4")
    path.parent.mkdir()
    path.write_bytes(b"film")
    roots = MediaRoots([tmp_path])
    found = roots.find(roots.roots[0].id, unicodedata.normalize(asked, "Zoë é/Ångström.mp4"))
    assert found.samefile(path)
    with pytest.raises(InputError):
        roots.find(roots.roots[0].id, unicodedata.normalize(asked, "Zoë é/Ö.mp4"))


@pytest.mark.parametrize(
    "inside",
    ["C:/Windows/win.ini", "C:secret", "a\\b", "..\\secret.mp4", "film.mp4:stream", "film.mp4::$DATA", "CON", "con.mp4",
     "a/NUL.txt", "aux", "LPT1.mp4", "COM¹", "film.mp4.", "film.mp4 ", "a/ . /b", "CON .mp4", "a*", "a?", '"a"', "a|b"],
)  # fmt: skip
def test_names_that_mean_something_else_on_windows(inside: str) -> None:
    assert not is_plain(inside, "nt")


def test_names_that_are_only_names() -> None:
    assert is_plain("Alien: Romulus.mkv", "posix") and is_plain('a\\b "?".mp4', "posix")
    for name in ("constant.mp4", "a.b.c.mp4", ".hidden", "Zoë/李小龙.mp4", "COM12.mp4", "a/b"):
        assert is_plain(name, "nt") and is_plain(name, "posix")


def test_files_whose_names_are_no_text_break_no_list(served: Served) -> None:
    from tests.film_maker import make_film

    hostile = 'a\n<b> "x"\x1b[31m.mp4'
    make_film(served.media / hostile, frames=3)
    os.rename(make_film(served.media / "b.mp4", frames=3), os.fsencode(served.media) + b"/\xff\xfe.mp4")  # noqa: PTH104
    root = served.client.get(f"{API}/roots").json()["roots"][0]["id"]
    answer = served.client.get(f"{API}/roots/{root}/films")
    assert answer.status_code == 200 and "ÿ" not in answer.text
    assert [one["path"] for one in answer.json()["entries"]] == [hostile]


def test_what_is_asked_for_comes_back_as_text(served: Served) -> None:
    root = served.client.get(f"{API}/roots").json()["roots"][0]["id"]
    for path in ("<script>", 'a"\r\nSet-Cookie: x=1', "../../etc/passwd", "\ud83d"):
        answer = served.client.get(f"{API}/roots/{root}/identify", params={"path": path.encode("utf-8", "replace")})
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
        assert "set-cookie" not in answer.headers


def test_only_plain_files_are_opened(served: Served) -> None:
    os.mkfifo(served.media / "pipe.jpg")
    (served.media / "folder.jpg").mkdir()
    root = served.client.get(f"{API}/roots").json()["roots"][0]["id"]
    for path in ("pipe.jpg", "folder.jpg"):
        answer = served.client.get(f"{API}/roots/{root}/identify", params={"path": path})
        assert answer.status_code == 422, "at once: nobody waits for what a pipe may say"


# Uploads


@pytest.fixture
def fakes(serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Served with networks that are drawings' own, in the helper's process too."""
    for name in ("detector", "embedder", "max_picture_mpx"):
        monkeypatch.setenv(f"PERSONAE_{name.upper()}", str(getattr(FAKES, name)))
    return serve(Project.open(tmp_path / "project", settings=FAKES))


def bomb(width: int, height: int) -> bytes:
    """A picture of that size in a few bytes (PNG)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compressobj(9)
    data = b"".join(body.compress(bytes(width + 1)) for _ in range(min(height, 4000))) + body.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_uploads_that_are_no_pictures_are_refused_and_the_next_is_answered(fakes: Served) -> None:
    good = picture()
    hostile: dict[str, tuple[str, bytes]] = {
        "bomb": ("photo.png", bomb(20_000, 20_000)),
        "truncated": ("photo.png", good[:20]),
        "empty": ("photo.png", b""),
        "text": ("photo.jpg", b"/etc/passwd"),
        "svg": ("photo.png", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
        "playlist": ("photo.jpg", b"#EXTM3U\nhttp://127.0.0.1:9/x.ts\n"),
        "concat": ("photo.jpg", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        "postscript": ("photo.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n"),
        "zip": ("photo.jpg", b"PK\x03\x04" + bytes(100)),
        "pickle": ("photo.jpg", b"cos\nsystem\n(S'true'\ntR."),
    }
    for label, (name, content) in hostile.items():
        answer = fakes.client.post(f"{API}/identify", files={"photo": (name, content)})
        refused = answer.status_code == 422 or answer.json()["pictures"][0]["error"]
        assert refused, label
        assert str(fakes.project.folder) not in answer.text, label
        assert not has_uploads(fakes), label
    answer = fakes.client.post(f"{API}/identify", files={"photo": ("a.jpg", good)})
    assert answer.json()["pictures"][0]["error"] is None, "its content says that it is PNG"
    assert fakes.service.helper.starts == 1, "none of them ended the helper"


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x", "/etc/passwd", "C:\\x", "a\x00b", "<img src=x>", "", "." * 300, "a\r\nX: y"]
)
def test_what_an_upload_is_called_leads_nowhere(served: Served, name: str) -> None:
    from fastapi import UploadFile

    folder, paths = uploads.keep(served.project.folder, [UploadFile(io.BytesIO(b"x"), filename=name)])
    assert paths == [str(folder / "photo 1")]
    assert folder.parent == served.project.folder / "cache" / "uploads"
    assert folder.stat().st_mode & 0o077 == 0


def test_uploads_are_gone_after_the_answer_and_after_a_crash(served: Served, tmp_path: Path) -> None:
    from fastapi import UploadFile

    project, jobs = served.project.folder, served.service.jobs

    def ask(request: str) -> Any:
        files = [UploadFile(io.BytesIO(b"x"), filename="a.jpg")]
        return uploads.for_job(
            project, files,
            lambda folder, paths: jobs.add(
                "add", {"name": "A", "photos": paths, UPLOADED: folder}, request=request
            ),
        )  # fmt: skip

    def left() -> set[str]:
        return {str(one) for one in (project / "cache" / "uploads").iterdir()}

    job = ask("r1")
    assert left() == {job.what["uploaded"]}
    assert ask("r1").id == job.id and left() == {job.what["uploaded"]}, "what was sent again is not kept twice"
    crashed, _ = uploads.keep(project, [UploadFile(io.BytesIO(b"x"))])
    assert crashed.exists()
    uploads.clear(project, jobs)
    assert left() == {job.what["uploaded"]}
    done = served.work()
    assert done[0].state == "failed" and not left(), "a job that cannot be done leaves nothing either"
    waiting = ask("r2")
    assert left() == {waiting.what["uploaded"]}
    served.client.post(f"{API}/jobs/{waiting.id}/cancel")
    assert not left()


def test_no_job_deletes_what_is_no_upload(served: Served, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path / "mine", served.project.folder, served.project.folder / "cache" / "uploads" / ".." / ".."):
        served.service.jobs.add("add", {"name": "A", "photos": [], "uploaded": str(folder)})
    served.work()
    assert (tmp_path / "mine").is_dir() and served.project.folder.is_dir()


def test_addresses_are_never_fetched(served: Served) -> None:
    root = served.client.get(f"{API}/roots").json()["roots"][0]["id"]
    for address in ("http://127.0.0.1:9/a.mp4", "file:///etc/passwd", "concat:a|b", "rtsp://127.0.0.1/x"):
        answer = served.client.post(f"{API}/films", json={"root": root, "paths": [address]})
        assert answer.status_code == 422, address
    assert served.service.jobs.page() == ([], 0)


def test_a_film_that_is_too_long_keeps_no_worker(serve: Callable[..., Served], tmp_path: Path) -> None:
    from fractions import Fraction

    from tests.film_maker import make_film

    settings = Settings(detector="fake", embedder="fake", max_film_hours=2.0)
    served = serve(Project.open(tmp_path / "project", settings=settings))
    times = [0, 1, 3 * 3600]
    make_film(served.media / "long.mkv", frames=3, pts=times, time_base=Fraction(1, 1), rate=1, b_frames=0)
    make_film(served.media / "short.mkv", frames=3)
    (served.media / "none.mkv").write_bytes(b"no film")
    root = served.service.roots.roots[0].id
    for name in ("long.mkv", "short.mkv", "none.mkv"):
        assert served.client.post(f"{API}/films", json={"root": root, "paths": [name]}).status_code == 202
    long, short, none = served.work()
    assert long.state == "failed" and "3.0 hours; the service scans films of up to 2" in long.error["detail"]
    assert short.state == "done", short.error
    assert none.state == "failed" and str(served.media) not in none.error["detail"]
    assert "none.mkv" in none.error["detail"]
