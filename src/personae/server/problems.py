"""Errors as RFC 9457 problem documents: a stable code, and the sentence of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse

from personae import errors
from personae.jobs.sentences import without_paths

MEDIA_TYPE = "application/problem+json"
_STATUS = {
    "unknown-character": 404,
    "unknown-film": 404,
    "unknown-photo-set": 404,
    "too-many": 429,
    "not-trained": 409,
    "embedder-mismatch": 409,
    "busy": 503,
    "cannot-write": 507,
    "film": 422,
    "photo": 422,
    "input": 422,
    "missing-extra": 501,
    "store": 500,
    "error": 500,
}
"""Code of one of our errors -> status."""
CODES = {400: "malformed", 404: "unknown-address", 405: "method", 413: "too-large"}
"""Of what the framework itself refuses."""
JSON_HEADER = "Content-Type: application/json."
RETRY_AFTER_S = {429: 10, 503: 5}


class ProblemError(Exception):
    """What a route answers instead. `more`: further members of the document."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The document as an answer; who is to come back later is told when."""
    detail = detail.encode("utf-8", "backslashreplace").decode()  # half a letter, as JSON can say it, is no text
    body = {"type": f"urn:personae:problem:{code}", "title": code, "status": status, "code": code, "detail": detail}
    later = {"retry-after": str(RETRY_AFTER_S[status])} if status in RETRY_AFTER_S else {}
    return JSONResponse(body | more, status, media_type=MEDIA_TYPE, headers={**later, **(headers or {})})


def of_malformed(errors: Sequence[Mapping[str, Any]], *, is_json: bool) -> JSONResponse:
    """What a request is answered with whose members do not fit, by the first of what pydantic found.

    `is_json`: whether the request says that its body is JSON.
    """
    where, *parts = errors[0]["loc"]
    kind, said = errors[0]["type"], str(errors[0]["msg"]).rstrip(".")
    name = ".".join(map(str, parts))
    if where == "body" and kind == "json_invalid":
        return problem(422, "input", f"The body is no JSON: {errors[0].get('ctx', {}).get('error', said)}.")
    if where == "body" and not parts:
        return problem(422, "input", "Send a JSON object." if is_json else "Send JSON with " + JSON_HEADER)
    if "Expected UploadFile" in said:
        name = str(parts[0])
        return problem(422, "input", f"{name}: send a file (-F {name}=@file.jpg).")
    plain = {"missing": f"{name} is missing.", "extra_forbidden": f"{name} is not known here."}
    return problem(422, "input", plain.get(kind, f"{name}: {said.removeprefix('Value error, ')}."))


def of_error(error: errors.PersonaeError) -> JSONResponse:
    """What one of our errors is answered with: its sentence, without where files lie."""
    code = errors.code_of(error)
    return problem(_STATUS[code], code, without_paths(error))
