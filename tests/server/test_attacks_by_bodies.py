"""What bodies, cursors and addresses may do to who reads them: nothing is read of who may not, or decoded slowly."""

from __future__ import annotations

import asyncio
import base64
import errno
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from personae.server import uploads
from personae.server.saying import Said
from tests.server.conftest import API, Served

FORM = "multipart/form-data; boundary=BB"


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


def field(name: str, value: bytes, more: str = "") -> bytes:
    return f'--BB\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


PHOTO = field("photo", b"x", '; filename="a.jpg"')


def asked(served: Served, method: str, path: str, headers: dict[str, str]) -> tuple[int, int]:
    """The status of a request, and how often its body was asked for."""
    reads = 0
    statuses: list[int] = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
        "headers": [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8765", **headers}.items()],
    }  # fmt: skip

    async def receive() -> Any:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    asyncio.run(served.app(scope, receive, send))
    (status,) = statuses
    return status, reads


# Forms


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "unicode_escape", "latin-1", '"utf-16"', "no such"])
def test_a_form_is_read_as_utf_8_or_not_at_all(served: Served, charset: str) -> None:
    body = field("x", b"a" * 1_000_000) + PHOTO + b"--BB--\r\n"
    began = time.monotonic()
    answer = served.as_role("viewer").post(
        f"{API}/identify", content=body, headers={"content-type": f"{FORM}; charset={charset}"}
    )
    assert code(answer) == (415, "malformed") and time.monotonic() - began < 2


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"'])
def test_a_form_in_utf_8_is_read(served: Served, charset: str) -> None:
    body = field("name", "Zoë".encode()) + field("photos", b"x", '; filename="a.jpg"') + b"--BB--\r\n"
    answer = served.client.post(f"{API}/photos-of-cast", content=body, headers={"content-type": FORM + charset})
    assert answer.status_code == 202
    job = served.service.jobs.get(answer.json()["job"]["id"])
    assert job is not None and job.what["name"] == "Zoë"


@pytest.mark.parametrize(
    "body", [field("x", b"a" * 10_001), field("x", b"") * 101], ids=["a long field", "many fields"]
)
def test_fields_of_a_form_are_few_and_short(served: Served, body: bytes) -> None:
    answer = served.client.post(f"{API}/identify", content=body + PHOTO + b"--BB--\r\n", headers={"content-type": FORM})
    assert code(answer) == (400, "malformed")


def test_a_form_that_is_no_upload_is_refused_unread(served: Served) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {served.service.token}"}
    assert asked(served, "POST", f"{API}/identify", form) == (415, 0)


def test_what_takes_no_uploads_reads_no_form_however_long(served: Served) -> None:
    form = {"content-type": FORM, "content-length": "100000000", "authorization": f"Bearer {served.service.token}"}
    assert asked(served, "POST", f"{API}/characters", form) == (415, 0)
    assert asked(served, "POST", f"{API}/identify", form)[1] > 0, "this one does"


# The role comes before the body


@pytest.mark.parametrize("path", ["characters", "photos-of-cast", "forget", "train", "media/0/decisions"])
def test_who_may_not_is_told_before_anything_is_read(served: Served, path: str) -> None:
    secret = served.service.keys.add("anna", "viewer")
    for kind in ("application/json", FORM):
        sent = {"content-type": kind, "content-length": "2", "authorization": f"Bearer {secret}"}
        assert asked(served, "POST", f"{API}/{path}", sent) == (403, 0)
    answer = served.as_role("viewer").post(f"{API}/{path}", content=b"{")
    assert code(answer) == (403, "role")
    assert "role" in answer.json()["detail"] and "viewer" in answer.json()["detail"]


# What breaks its reader


@pytest.mark.parametrize(
    "cursor",
    ["[" * 1400, "[" * 500 + "]" * 500, '{"a": 1}', "[[1]]", "null", "[null]", "x", '"\\ud800"', "1e999", "[1, {}]"],
)
@pytest.mark.parametrize("path", ["characters", "films", "photo-sets", "people", "decisions"])
def test_a_cursor_that_is_none(served: Served, path: str, cursor: str) -> None:
    served.project.cast.add_names(["Ada", "Eve"])
    sent = base64.urlsafe_b64encode(cursor.encode()).decode()
    answer = served.client.get(f"{API}/{path}", params={"cursor": sent})
    assert answer.status_code in ({200, 422} if cursor in {'"\\ud800"', "1e999"} else {422}), answer.text


@pytest.mark.parametrize("name", ["x" * 300 + ".js", "a%00.js", "..%2fapp.py", ".", "%2e%2e", "ä.js", "x.py"])
def test_files_that_the_page_has_not(served: Served, name: str) -> None:
    assert code(served.client.get(f"/page/{name}"))[0] == 404


@pytest.mark.parametrize(
    "said",
    [
        {"say": "name", "who": True, "to": "Ada"},
        {"say": "name", "who": 1.0, "to": "Ada"},
        {"say": "name", "who": 1, "to": "Ada", "new": 1},
        {"say": "merge", "who": 1, "others": [True]},
        {"say": "name", "who": {"photo": "a.jpg", "face": True}, "to": "Ada"},
        {"say": "trim", "who": 1, "start_s": True},
        {"say": "trim", "who": 1, "start_s": -1},
        {"say": "trim", "who": 1, "end_s": -0.5},
        {"say": "trim", "who": 1, "end_s": float("nan")},
        {"say": "add", "who": "Ada", "start_s": 1, "box": [0, 0, True, 1]},
        {"say": "add", "who": "Ada", "start_s": 1, "box": [0, 0, float("inf"), 1]},
    ],
)
def test_what_is_said_has_numbers_that_are_numbers(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Said.model_validate(said)


def test_numbers_that_are_said_may_be_whole() -> None:
    said = Said.model_validate({"say": "add", "who": "Ada", "start_s": 1, "end_s": 2.5, "box": [0, 1, 2, 3.5]})
    assert (said.start_s, said.end_s, said.box) == (1.0, 2.5, (0.0, 1.0, 2.0, 3.5))


# A disk that is full


@pytest.mark.parametrize("where", ["_copied", "mkdtemp"])
def test_an_upload_onto_a_full_disk_says_so(served: Served, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/place")

    monkeypatch.setattr(uploads if where == "_copied" else tempfile, where, full)
    for path, name in (("identify", "photo"), ("characters/x/photos", "photos")):
        if path.startswith("characters"):
            served.project.cast.add_names(["Ada"])
            id = served.client.get(f"{API}/characters").json()["characters"][0]["id"]
            path = f"characters/{id}/photos"
        answer = served.client.post(f"{API}/{path}", files={name: ("a.jpg", b"x")})
        assert code(answer) == (507, "cannot-write"), path
        assert "disk is full" in answer.json()["detail"]
        assert "/secret" not in answer.text and str(served.project.folder) not in answer.text
    folder: Path = served.project.folder / "cache" / "uploads"
    assert not folder.is_dir() or list(folder.iterdir()) == []
