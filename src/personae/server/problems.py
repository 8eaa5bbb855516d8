"""Errors as RFC 9457 problem documents: a stable code, and the sentence of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse

from personae import errors
from personae.jobs.sentences import without_paths

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[errors.PersonaeError], int, str], ...] = (
    (errors.UnknownCharacterError, 404, "unknown-character"),
    (errors.UnknownFilmError, 404, "unknown-film"),
    (errors.UnknownPhotoSetError, 404, "unknown-photo-set"),
    (errors.LimitError, 429, "too-many"),
    (errors.ModelNotFoundError, 409, "not-trained"),
    (errors.EmbedderMismatchError, 409, "embedder-mismatch"),
    (errors.ProjectBusyError, 503, "busy"),
    (errors.WriteError, 507, "cannot-write"),
    (errors.FilmError, 422, "film"),
    (errors.PhotoError, 422, "photo"),
    (errors.InputError, 422, "input"),
    (errors.MissingExtraError, 501, "missing-extra"),
    (errors.StoreError, 500, "store"),
    (errors.PersonaeError, 500, "error"),
)
"""The first that fits: status and code."""
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
    status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
    return problem(status, code, without_paths(error))
