"""What somebody may try who has no key, a page elsewhere, or a key for less: each attack is refused, and nothing told.

Files and their names are attacked in `test_attacks_by_files`, connections in `test_attacks_by_connections`.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from personae import Project, Settings
from personae.server import limits
from personae.server.accounts import HEADERS
from personae.server.app import make_app
from personae.server.guard import COOKIE, CSRF_HEADER, csrf_of
from personae.server.keys import Caller, digest_of
from personae.server.names import Hosts
from personae.server.watching import Watcher
from tests.server.conftest import API, Served, bearer

HOST = "127.0.0.1:8765"
ADDRESS = f"http://{HOST}"


def code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


def app_of(served: Served, **options: Any) -> Any:
    return make_app(served.service, Watcher(served.service), **{"hosts": Hosts(8765), **options})


def a_page(served: Served, app: Any = None) -> TestClient:
    """A browser that was given the printed address."""
    page = TestClient(app or served.app, base_url=ADDRESS, follow_redirects=False)
    assert page.get("/api/v1/version", params={"token": served.service.token}).status_code == 303
    return page


@pytest.fixture
def nobody(served: Served) -> TestClient:
    return TestClient(served.app, base_url=ADDRESS)


# Whose name


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1:80", "localhost.evil:8765", "", "127.0.0.1:8765@evil.example",
     "127.0.0.1:08765x", "[::1", "10.0.0.7:8765"],
)  # fmt: skip
def test_a_name_that_leads_here_is_not_enough(served: Served, host: str) -> None:
    client = TestClient(app_of(served), base_url=ADDRESS, headers=bearer(served.service.token))
    assert client.get(f"{API}/version").status_code == 200
    assert code(client.get(f"{API}/version", headers={"host": host})) == (421, "host")


def test_the_names_that_a_server_goes_by() -> None:
    own, others, named = Hosts(8765), Hosts(8765, is_open=True), Hosts(80, names=["Personae.example"])
    for host in ("127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"):
        assert host in own and host in others
    assert "192.168.1.5:8765" in others and "192.168.1.5:8765" not in own
    assert "fileserver.lan:8765" not in others, "a name may lead anywhere"
    assert "personae.example" in named and "personae.example:443" in named and "127.0.0.1" in named
    assert "127.0.0.1" not in own


# Pages elsewhere


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:3000",
                                    "https://127.0.0.1:8765", "http://127.0.0.1:8765.evil.example", ""])  # fmt: skip
def test_a_page_elsewhere_may_not_ask_with_a_cookie_nor_with_the_key(served: Served, origin: str) -> None:
    page = a_page(served)
    for headers in ({}, bearer(served.service.token)):
        answer = page.post(f"{API}/characters", json={"names": ["Eve"]}, headers={**headers, "origin": origin})
        assert code(answer) == (403, "origin")
        assert "access-control-allow-origin" not in answer.headers
    assert served.client.get(f"{API}/characters").json()["characters"] == []


def test_a_page_elsewhere_that_sends_no_origin_gets_nothing_by_the_cookie(served: Served) -> None:
    page = a_page(served)
    for site in ("cross-site", "same-site"):
        assert code(page.get(f"{API}/version", headers={"sec-fetch-site": site})) == (401, "key")
    assert page.get(f"{API}/version", headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_a_listed_origin_may_ask_with_a_key_and_never_with_the_cookie(served: Served) -> None:
    there = "https://cutting.example"
    app = app_of(served, origins=[there])
    client = TestClient(app, base_url=ADDRESS)
    asked = client.options(f"{API}/characters", headers={"origin": there, "access-control-request-method": "POST"})
    assert asked.status_code == 204 and asked.headers["access-control-allow-origin"] == there
    assert "authorization" in asked.headers["access-control-allow-headers"].lower()
    answer = client.get(f"{API}/version", headers={"origin": there, **bearer(served.service.token)})
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == there
    assert "access-control-allow-credentials" not in answer.headers
    assert code(client.get(f"{API}/version", headers={"origin": "https://other.example"})) == (403, "origin")
    page = a_page(served, app)
    refused = page.get(f"{API}/version", headers={"origin": there})
    assert code(refused) == (401, "key")
    assert refused.headers["access-control-allow-origin"] == there, "or a page would not know why"


def test_a_cookie_changes_nothing_without_what_only_our_page_knows(served: Served) -> None:
    page = a_page(served)
    body = {"names": ["Ada"]}
    assert code(page.post(f"{API}/characters", json=body)) == (403, "csrf")
    assert code(page.post(f"{API}/characters", json=body, headers={CSRF_HEADER: "1"})) == (403, "csrf")
    assert code(page.post(f"{API}/characters", json=body, headers={CSRF_HEADER: csrf_of("")})) == (403, "csrf")
    answer = page.post(f"{API}/characters", json=body, headers={CSRF_HEADER: csrf_of(page.cookies[COOKIE])})
    assert answer.status_code == 200


# The token and keys


def test_a_token_stands_in_an_address_once(served: Served) -> None:
    page = TestClient(served.app, base_url=ADDRESS, follow_redirects=False)
    answer = page.get(f"{API}/characters", params={"token": served.service.token, "limit": "3"})
    assert answer.status_code == 303 and answer.headers["location"] == f"{API}/characters?limit=3"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert served.service.token not in cookie
    assert page.get(answer.headers["location"]).status_code == 200


def test_a_token_in_an_address_changes_nothing(served: Served) -> None:
    nobody = TestClient(served.app, base_url=ADDRESS)
    answer = nobody.post(f"{API}/characters", params={"token": served.service.token}, json={"names": ["Eve"]})
    assert code(answer) == (401, "key")


def test_an_address_never_leads_to_another_server(served: Served) -> None:
    page = TestClient(served.app, base_url=ADDRESS, follow_redirects=False)
    answer = page.get(f"{ADDRESS}//evil.example/x", params={"token": served.service.token})
    assert answer.headers["location"] == "/evil.example/x"


def test_under_a_path_of_a_proxy_the_cookie_is_for_that_path(served: Served) -> None:
    client = TestClient(app_of(served), base_url=ADDRESS, root_path="/cast", follow_redirects=False)
    answer = client.get("/cast/api/v1/version", params={"token": served.service.token})
    assert answer.headers["location"] == "/cast/api/v1/version"
    assert "Path=/cast;" in answer.headers["set-cookie"]
    assert client.get("/cast/api/v1/health").status_code == 200, "open there too"
    assert client.get("/cast/api/v1/version").status_code == 200
    client.cookies.clear()
    assert code(client.get("/cast/api/v1/version")) == (401, "key")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dG9rZW46", "Bearer wrong", "Bearer \u00e9\u00e8",
                                    "Bearer " + "x" * 5000, "Bearer \x00"])  # fmt: skip
def test_what_is_no_key_opens_nothing(nobody: TestClient, header: str) -> None:
    assert code(nobody.get(f"{API}/version", headers={b"authorization": header.encode("latin-1")})) == (401, "key")


@pytest.mark.parametrize("cookie", ["", ".", "x.y", ".0" * 40, "a" * 5000, f"{COOKIE}", "\x7f"])
def test_what_is_no_session_opens_nothing(nobody: TestClient, cookie: str) -> None:
    assert code(nobody.get(f"{API}/version", headers={"cookie": f"{COOKIE}={cookie}"})) == (401, "key")


def test_many_wrong_keys_are_refused_and_nobody_with_a_right_one(served: Served, nobody: TestClient) -> None:
    for _ in range(limits.MOST_WRONG_KEYS):
        assert code(nobody.get(f"{API}/version", headers=bearer("wrong"))) == (401, "key")
    refused = nobody.get(f"{API}/version", headers=bearer("wrong"))
    assert code(refused) == (429, "too-many") and refused.headers["retry-after"] == "60"
    assert code(nobody.get(f"{API}/version")) == (401, "key"), "who gives none has not guessed"
    assert served.client.get(f"{API}/version").status_code == 200
    other = TestClient(served.app, base_url=ADDRESS, client=("10.0.0.9", 1))
    assert code(other.get(f"{API}/version", headers=bearer("wrong"))) == (401, "key")


def test_wrong_keys_from_one_network_count_together(served: Served) -> None:
    rates = limits.Rates(10)
    assert [rates.wrong(f"2001:db8::{number:x}") for number in range(25)].count(True) == 5
    for number in range(limits.MOST_ADDRESSES + 10):
        rates.wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(rates._wrong) == limits.MOST_ADDRESSES, "who has many addresses fills no memory"


def test_a_key_counts_no_longer_at_once(served: Served) -> None:
    keys = served.service.keys
    day = datetime.now(UTC).date()
    secret = keys.add("anna", "editor")
    ended, lasting = (
        keys.add("ended", "admin", day.isoformat()),
        keys.add("lasting", "admin", (day + timedelta(1)).isoformat()),
    )
    client = TestClient(served.app, base_url=ADDRESS)
    page = TestClient(served.app, base_url=ADDRESS, follow_redirects=False)
    assert page.get(f"{API}/version", params={"token": secret}).status_code == 303
    assert page.get(f"{API}/version").status_code == 200, "a page may be opened by a key"
    assert client.get(f"{API}/version", headers=bearer(secret)).status_code == 200
    assert client.get(f"{API}/version", headers=bearer(lasting)).status_code == 200
    assert code(client.get(f"{API}/version", headers=bearer(ended))) == (401, "key")
    keys.revoke("anna")
    assert code(client.get(f"{API}/version", headers=bearer(secret))) == (401, "key")
    assert code(page.get(f"{API}/version")) == (401, "key")
    again = keys.add("anna", "viewer")
    assert code(page.get(f"{API}/version")) == (401, "key"), "the new key is another's"
    assert code(client.post(f"{API}/characters", json={"names": ["x"]}, headers=bearer(again))) == (403, "role")


def test_keys_are_kept_as_digests(served: Served) -> None:
    secret = served.service.keys.add("anna", "editor")
    assert len(secret.removeprefix("personae_")) == 43, "256 bits"
    for path in served.project.folder.glob("project.sqlite*"):
        assert secret.encode() not in path.read_bytes()
    with sqlite3.connect(served.project.folder / "project.sqlite") as connection:
        rows = connection.execute("SELECT sha256, id FROM keys").fetchall()
    connection.close()
    assert rows[0][0] == digest_of(secret)
    client = TestClient(served.app, base_url=ADDRESS)
    for stolen in (rows[0][0], rows[0][1], f"{rows[0][1]}.{rows[0][0]}"):
        assert code(client.get(f"{API}/version", headers=bearer(stolen))) == (401, "key")
        assert code(client.get(f"{API}/version", headers={"cookie": f"{COOKIE}={stolen}"})) == (401, "key")


def test_metrics_need_a_key_and_hold_nothing_from_outside(served: Served, nobody: TestClient) -> None:
    assert code(nobody.get(f"{API}/metrics")) == (401, "key")
    served.client.get(f"{API}/media/Kilroy-was-here/timeline")
    served.client.get(f"{API}/Kilroy")
    served.client.post(f"{API}/characters", json={"names": ["Kilroy"]})
    served.service.jobs.add("forget", {"name": "Kilroy"}, by="Kilroy")
    text = served.as_role("viewer").get(f"{API}/metrics").text
    assert "Kilroy" not in text
    assert 'personae_requests_total{operation="add_characters",status="200"} 1.0' in text
    assert 'personae_requests_total{operation="none",status="404"} 1.0' in text
    assert 'personae_jobs{kind="forget",state="waiting"} 1.0' in text
    assert "personae_uptime_seconds" in text and "personae_request_seconds_bucket" in text


def test_what_changes_something_is_logged_with_the_keys_name_and_no_other(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    editor = served.as_role("editor")
    with caplog.at_level(logging.INFO, "personae"):
        editor.post(f"{API}/characters", json={"names": ["Kilroy"]}, headers={"idempotency-key": "Kilroy"})
        editor.get(f"{API}/characters")
        served.client.post(f"{API}/characters", content=b"{", headers={"content-type": "application/json"})
    lines = [record.getMessage() for record in caplog.records if record.name == "personae.changes"]
    assert len(lines) == 2
    assert " add_characters by editor-0: 200, request " in lines[0] and " by the token: 422, " in lines[1]
    assert "Kilroy" not in caplog.text


# How much


def test_a_key_that_asks_too_often_waits_and_no_other(serve: Callable[..., Served], tmp_path: Any) -> None:
    served = serve(Project.open(tmp_path / "p", settings=Settings(max_requests=5)))
    anna, bob = served.as_role("viewer"), served.as_role("viewer")
    assert [anna.get(f"{API}/version").status_code for _ in range(5)] == [200] * 5
    refused = anna.get(f"{API}/version")
    assert code(refused) == (429, "too-many") and 1 <= int(refused.headers["retry-after"]) <= 13
    assert bob.get(f"{API}/version").status_code == 200
    assert anna.get(f"{API}/health").status_code == 200


def test_a_request_that_is_too_large(serve: Callable[..., Served], tmp_path: Any) -> None:
    served = serve(Project.open(tmp_path / "p", settings=Settings(max_upload_mb=1)))
    large = b"x" * (2**20 + 1)

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 2**16

    stated = served.client.post(f"{API}/identify", files={"photo": large})
    unstated = served.client.post(
        f"{API}/identify", content=pieces(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert code(stated) == code(unstated) == (413, "too-large")
    assert "1 MB" in stated.json()["detail"]
    uploads = served.project.folder / "cache" / "uploads"
    assert not uploads.exists() or not list(uploads.iterdir())


def test_json_is_smaller_than_an_upload(served: Served) -> None:
    large = json.dumps({"names": ["x" * limits.MOST_JSON]})
    assert code(served.client.post(f"{API}/characters", content=large)) == (413, "too-large")

    def pieces() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 2**16

    headers = {"content-type": "application/json"}
    assert code(served.client.post(f"{API}/characters", content=pieces(), headers=headers)) == (413, "too-large")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣", "9" * 30, "0x10"])
def test_a_length_that_is_none(served: Served, length: str) -> None:
    answer = served.client.post(f"{API}/characters", headers={b"content-length": length.encode()})
    assert code(answer) == (400, "length")


def test_too_many_files(served: Served) -> None:
    files = [("photos", (f"{number}.jpg", b"x")) for number in range(1001)]
    answer = served.client.post(f"{API}/photos-of-cast", data={"name": "Ada"}, files=files)
    assert code(answer) == (400, "malformed")
    assert served.service.jobs.page() == ([], 0)


def test_too_many_jobs(serve: Callable[..., Served], tmp_path: Any) -> None:
    served = serve(Project.open(tmp_path / "p", settings=Settings(max_waiting_jobs=2)))
    for name in "ab":
        assert served.client.post(f"{API}/forget", json={"name": name}).status_code == 202
    refused = served.client.post(f"{API}/photos-of-cast", data={"name": "A"}, files={"photos": b"x"})
    assert code(refused) == (429, "too-many") and refused.headers["retry-after"]
    assert not list((served.project.folder / "cache" / "uploads").iterdir()), "what was sent for it is gone"


# What is in it

BODIES = {
    "no JSON": b"{",
    "not UTF-8": b'{"names": ["\xff"]}',
    "deep": b'{"names": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"names":' * 50_000 + b"1" + b"}" * 50_000,
    "huge integer": b'{"names": [' + b"9" * 10_000 + b"]}",
    "integer": b'{"names": [99999999999999999999999999]}',
    "unknown key": b'{"names": ["a"], "role": "admin"}',
    "not a number": b'{"names": [NaN]}',
    "half a letter": b'{"names": ["\\ud800"]}',
    "NUL": b'{"names": ["a\\u0000b"]}',
    "null": b"null",
    "nothing": b"",
    "a list": b"[]",
    "empty name": b'{"names": [""]}',
    "long name": b'{"names": ["' + b"x" * 100_000 + b'"]}',
    "many names": b'{"names": [' + b'"x",' * 10_001 + b'"x"]}',
}


@pytest.mark.parametrize("label", BODIES)
def test_json_that_is_made_to_break_its_reader(served: Served, label: str) -> None:
    answer = served.client.post(
        f"{API}/characters", content=BODIES[label], headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    code(answer)
    assert served.client.get(f"{API}/characters").json()["characters"] == []


def test_of_a_key_that_stands_twice_one_counts_as_for_every_reader(served: Served) -> None:
    answer = served.client.post(
        f"{API}/characters", content=b'{"names": ["Eve"], "names": ["Ada"]}',
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert [one["name"] for one in served.client.get(f"{API}/characters").json()["characters"]] == ["Ada"]


@pytest.mark.parametrize("number", ["99999999999999999999999999", "-1", "x", "1e400", "NaN", "\ufffd", "0x1"])
def test_numbers_in_addresses(served: Served, number: str) -> None:
    for path in ("jobs", "characters", "films", "media/0123456789abcdef/decisions"):
        for name in ("after", "limit", "cursor", "most"):
            assert served.client.get(f"{API}/{path}", params={name: number}).status_code in {200, 404, 422}, (
                path,
                name,
            )


@pytest.mark.parametrize("id", ["%2e%2e", "..%2f..%2fserver.token", "a%00b", "%ff", "x" * 9000, "' OR 1=1 --"])
def test_ids_that_lead_elsewhere(served: Served, id: str) -> None:
    for path in (f"media/{id}/timeline", f"jobs/{id}", f"roots/{id}/films"):
        answer = served.client.get(f"{API}/{path}")
        assert answer.status_code in {404, 405, 422}, answer.text
        code(answer)


def test_names_are_text_and_json_is_never_read_as_a_page(served: Served) -> None:
    name = "<script>alert(1)</script>"
    answer = served.client.post(f"{API}/characters", json={"names": [name]})
    assert answer.status_code in {200, 422}
    answer = served.client.get(f"{API}/characters")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused = served.client.get(f"{API}/roots/<script>alert(1)</script>/films")
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert refused.headers["content-type"] == "application/problem+json"


# Whatever is answered


def test_every_answer_has_its_headers(served: Served, nobody: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Kilroy in /home/kilroy")

    answers = [
        nobody.get(f"{API}/health"),
        nobody.get(f"{API}/version"),
        nobody.get(f"{API}/version", headers={"host": "evil.example"}),
        nobody.get(f"{API}/version", params={"token": served.service.token}, follow_redirects=False),
        served.client.get(f"{API}/version"),
        served.client.get("/no/such"),
        served.client.head(f"{API}/version"),
        served.client.options(f"{API}/version"),
        served.client.request("TRACE", f"{API}/version"),
        served.client.post(f"{API}/characters", content=b"{"),
    ]
    monkeypatch.setattr(type(served.project.cast), "names", broken)
    answers.append(served.client.get(f"{API}/characters"))
    assert {answer.status_code for answer in answers} >= {200, 303, 401, 404, 405, 421, 422, 500}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name.decode()] == value.decode(), answer.url


def test_a_fault_is_answered_without_its_text_and_logged_without_names(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Kilroy in /home/kilroy")

    monkeypatch.setattr(type(served.project.cast), "names", broken)
    answer = served.client.get(f"{API}/characters")
    assert code(answer) == (500, "fault")
    assert "Kilroy" not in answer.text and "Kilroy" not in caplog.text
    assert "RuntimeError" in caplog.text and "list_characters" in caplog.text


def test_nobody_without_a_key_learns_which_addresses_there_are(nobody: TestClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE", "PATCH", "TRACE"):
        for path in (f"{API}/characters", f"{API}/no/such", "/", f"{API}/openapi.json", "/docs", f"{API}/metrics"):
            assert nobody.request(method, path).status_code == 401


def test_an_error_says_nothing_of_where_files_lie(served: Served) -> None:
    (served.project.folder / "gallery.sqlite").write_bytes(b"x" * 5000)
    answer = served.client.get(f"{API}/characters")
    assert answer.status_code == 500 and answer.json()["code"] == "store"
    assert str(served.project.folder.parent) not in answer.text and "gallery.sqlite" in answer.text


def test_a_caller_may_no_more_than_their_role() -> None:
    viewer, editor, admin = (Caller("x", role) for role in ("viewer", "editor", "admin"))
    assert [one.may("editor") for one in (viewer, editor, admin)] == [False, True, True]


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_without_a_key_gets_a_plain_page_that_asks_for_one(nobody: TestClient) -> None:
    answer = nobody.get("/", headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "Or type your key." in answer.text and "does not count" not in answer.text
    assert "<script" not in answer.text and answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert answer.headers["cache-control"] == "no-store"
    for path, accept in (("/", {"Accept": "*/*"}), (f"{API}/version", BROWSER), ("/page/page.js", BROWSER)):
        assert code(nobody.get(path, headers=accept)) == (401, "key")
    assert code(nobody.post("/", headers=BROWSER)) == (401, "key")


def test_a_key_that_counts_no_longer_is_called_so(served: Served, nobody: TestClient) -> None:
    said = "This key does not count (any more)."
    secret = served.service.keys.add("anna", "viewer")
    ended = served.service.keys.add("ben", "viewer", "2020-01-01")
    browser = TestClient(served.app, base_url="http://127.0.0.1:8765", headers=BROWSER)
    assert "<noscript>" in browser.get("/", params={"token": f" {secret} "}).text
    served.service.keys.revoke("anna")
    for key in (secret, ended):
        answer = nobody.get(f"{API}/version", headers=bearer(key))
        assert code(answer) == (401, "key") and answer.json()["detail"] == said
        shown = nobody.get("/", params={"token": key}, headers=BROWSER)
        assert shown.status_code == 401 and said in shown.text and key not in shown.text
    assert said in browser.get("/").text, "nor does the cookie of a page"
    assert nobody.get(f"{API}/version").json()["detail"].startswith("Send a key: ")
    for _ in range(20):
        refused = nobody.get("/", params={"token": "<b>wrong"}, headers=BROWSER)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "Too many wrong keys" in refused.text and "<b>" not in refused.text
