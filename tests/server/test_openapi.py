"""The OpenAPI document is what was reviewed, says what is answered, and a live server keeps to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import ignored_auth, positive_data_acceptance

from personae.server.openapi import operations
from personae.server.roles import MAY
from scripts.make_openapi import SNAPSHOT, snapshot
from tests.docs_world import make_world
from tests.server.conftest import bearer
from tests.server.live import LiveServer

EXAMPLES = 12
"""Requests made up for each operation."""
NOT_ASKED = [
    positive_data_acceptance,  # ids, cursors and names that are made up are of nothing that is there
    ignored_auth,  # after twenty wrong keys the answer is 429, whatever is asked; test_roles.py asks each route
]
FOREVER = ("GET /api/v1/events",)
"""Answers that do not end."""
ASKED = [where for where, _ in operations(json.loads(SNAPSHOT.read_text(encoding="utf-8"))) if where not in FOREVER]


def test_the_document_is_the_reviewed_one() -> None:
    assert snapshot() == SNAPSHOT.read_text(encoding="utf-8"), "Run python -m scripts.make_openapi, and read the diff."


def test_operations_are_those_of_the_table_of_roles() -> None:
    found = {operation["operationId"] for _, operation in operations(json.loads(snapshot()))}
    assert found == {*MAY, "get_health"}


def test_every_answer_says_what_it_consists_of() -> None:
    document = json.loads(snapshot())
    bare = [where for where, operation in operations(document) if where not in FOREVER and not _says(operation)]
    assert not bare


def _says(operation: dict[str, Any]) -> bool:
    """Whether each good answer has a schema with content, or is a file."""
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    schemas = [content.get("schema", {}) for answer in good for content in answer.get("content", {}).values()]
    return bool(good) and all({"$ref", "items", "properties", "anyOf", "format", "enum"} & {*each} for each in schemas)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, hopper: Path, astronaut: Path) -> Iterator[LiveServer]:
    pytest.importorskip("skimage")
    folder = tmp_path_factory.mktemp("live")
    world = make_world(folder / "world", hopper, astronaut)
    with LiveServer(folder / "project", world) as server:
        with server.client() as client:
            root = client.get("/roots").json()["roots"][0]["id"]
            for path, body in (
                ("/train", {"root": root, "folder": "cast"}),
                ("/films", {"root": root, "paths": ["film.mp4"]}),
            ):
                answer = client.post(path, json=body).raise_for_status().json()
                job = answer.get("job") or answer["jobs"][0]
                ended = client.get(f"/jobs/{job['id']}", params={"wait_s": 60}).json()["job"]
                assert ended["state"] == "done", ended
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def schema(live: LiveServer) -> Any:
    return schemathesis.openapi.from_url(f"{live.api}/openapi.json", headers=bearer(live.token))


@pytest.mark.slow
@pytest.mark.parametrize("where", ASKED)
def test_a_live_server_keeps_to_the_document(where: str, schema: Any, live: LiveServer) -> None:
    method, _, path = where.partition(" ")

    @given(case=schema[path][method].as_strategy())
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    def asked(case: Any) -> None:
        case.call_and_validate(headers=bearer(live.token), excluded_checks=NOT_ASKED)

    asked()
