"""Requests that do not fit are answered with a plain sentence: what is wrong, and what to send instead."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import API, Served

JSON = {"Content-Type": "application/json"}
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "text for a file": ("/identify", {"files": {"photo": (None, "a.jpg")}}, "photo: send a file (-F photo=@file.jpg)."),
    "text for files": ("/photos-of-cast", {"files": {"name": (None, "Ann"), "photos": (None, "hello")}},
                       "photos: send a file (-F photos=@file.jpg)."),
    "no file": ("/identify", {}, "photo is missing."),
    "a form for JSON": ("/train", {"data": {"root": "x"}}, "Send JSON with Content-Type: application/json."),
    "JSON that does not say so": ("/train", {"content": '{"root": "x", "folder": "y"}'},
                                  "Send JSON with Content-Type: application/json."),
    "JSON that is called text": ("/train", {"content": "{}", "headers": {"Content-Type": "text/plain"}},
                                 "Send JSON with Content-Type: application/json."),
    "no body": ("/train", {}, "Send JSON with Content-Type: application/json."),
    "a list": ("/train", {"json": []}, "Send a JSON object."),
    "half an object": ("/train", {"content": '{"root"', "headers": JSON},
                       "The body is no JSON: Expecting ':' delimiter."),
    "a member too few": ("/films", {"json": {"root": "x"}}, "paths is missing."),
    "a member too many": ("/forget", {"json": {"name": "x", "nmae": "y"}}, "nmae is not known here."),
    "one deep inside": ("/films", {"json": {"root": "x", "paths": ["y"], "opening": {"reel": 1}}},
                        "opening.reel: Input should be a valid string."),
    "a root that is none": ("/films", {"json": {"root": "x", "paths": ["y"]}},
                            "There is no root with this id. GET /roots lists them."),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_request_that_does_not_fit_is_told_what_to_send(what: str, served: Served) -> None:
    path, sent, said = WRONG[what]
    answer = served.client.post(f"{API}{path}", **sent)
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "input", said)


def test_a_query_that_does_not_fit_is_named(served: Served) -> None:
    answer = served.client.get(f"{API}/films", params={"limit": 0})
    assert answer.json()["detail"] == "limit: Input should be greater than or equal to 1."
    lost = served.client.get(f"{API}/roots/none/films")
    assert lost.json()["detail"] == "There is no root with this id. GET /roots lists them."
