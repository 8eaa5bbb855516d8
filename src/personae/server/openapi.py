"""The service's OpenAPI document: the native formats' own schemas as components, and one shape for every error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from personae.server.problems import MEDIA_TYPE

NATIVE = {
    "Timeline": "timeline-2",
    "PhotoSet": "photos-1",
    "Identified": "identify-1",
    "Evaluation": "evaluation-1",
    "JournalLine": "decisions-1",
}
"""Component -> the shipped schema that it is."""
_COMPONENTS = "#/components/schemas/"
_PROBLEM = {
    "title": "Problem",
    "description": "Why a request was not answered (RFC 9457). `code` is stable; `detail` is a sentence for people.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_REFUSED = {
    "description": "Not answered: the document says why.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_COMPONENTS}Problem"}}},
}


def native(name: str, description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: its answer is a native document, a key of `NATIVE`."""
    return {status: {"description": description, "content": {"application/json": {"schema": reference(name)}}}}


def reference(name: str) -> dict[str, str]:
    """To a native format, for a schema of one's own."""
    assert name in NATIVE
    return {"$ref": f"{_COMPONENTS}{name}"}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document of the application's routes."""
    found = get_openapi(title=app.title, version=app.version, routes=app.routes, description=app.description)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for name, file in NATIVE.items():
        schemas |= _components(name, file)
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"key": []}]
    for _, operation in operations(found):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _REFUSED
        for status, answer in operation["responses"].items():
            _complete(status, answer)
        if operation["operationId"] == "get_health":
            operation["security"] = []
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _complete(status: str, answer: dict[str, Any]) -> None:
    """What routes need not say each: files are binary, and what is refused is a problem document."""
    if not status.startswith("2"):
        answer.setdefault("content", _REFUSED["content"])
    for media_type, content in answer.get("content", {}).items():
        if not media_type.endswith("json"):
            content["schema"] = {"type": "string", "format": "binary"}


def operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(METHOD path, operation) of a document."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@cache
def _components(name: str, file: str) -> dict[str, Any]:
    """A shipped schema and its definitions, as components that refer to each other."""
    text = (files("personae") / "schemas" / f"{file}.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text.replace('"#/$defs/', f'"{_COMPONENTS}{name}_'))
    own = {f"{name}_{each}": part for each, part in schema.pop("$defs", {}).items()}
    for key in ("$schema", "$id"):
        schema.pop(key, None)
    return {name: schema, **own}
