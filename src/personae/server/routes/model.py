"""The model: its card and metrics, training, and how good the cast is: evaluate, tune, calibrate."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from personae.errors import StoreError
from personae.names import readable
from personae.server.asking import By, RequestId, Served
from personae.server.jobs_json import JobAnswer, job_dict
from personae.server.openapi import native
from personae.server.problems import ProblemError
from personae.server.service import Service

router = APIRouter(tags=["model"])
_FolderPath = Annotated[str, Field(max_length=4096)]
_RootId = Annotated[str, Field(max_length=64)]
_Folds = Annotated[int, Field(ge=2, le=1000)]


class Trained(BaseModel):
    """A character of the model."""

    name: str
    photos: int
    prototypes: int
    looks: list[str]


class ModelFacts(BaseModel):
    """What names the faces. `method`: "fallback" where no model can be used, and faces are compared with the nearest
    enrolled one. `far`: of strangers' faces, the share that gets a name; `threshold`: the cosine that it is reached at;
    `metrics`: as training reckoned them; `outdated`: the gallery has changed since.
    """

    method: str
    embedder: str
    personae_version: str
    created: str | None
    far: float | None
    threshold: float
    head: str | None
    characters: list[Trained]
    without_photos: list[str]
    far_curve: list[tuple[float, float]]
    metrics: dict[str, Any] | None
    revision: str | None
    outdated: bool


class ModelAnswer(BaseModel):
    """The model; null while nobody is enrolled, and everybody is unknown."""

    model: ModelFacts | None


class _Train(BaseModel):
    """`fresh`: forget what was enrolled otherwise; `force`: also a folder whose sub-folders seem to hold different
    people.
    """

    model_config = ConfigDict(extra="forbid")
    root: _RootId
    folder: _FolderPath
    fresh: bool = False
    force: bool = False


class _Assess(BaseModel):
    """Folders below the media root `root`: `folder` with a photo folder per character (default: what is enrolled), and
    `unknown` with photos of people outside the cast. `groups`: a file there with lines of path,group: photos that stay
    together (one scene, one shoot).
    """

    model_config = ConfigDict(extra="forbid")
    root: _RootId | None = None
    folder: _FolderPath | None = None
    unknown: _FolderPath | None = None
    groups: _FolderPath | None = None
    folds: _Folds | None = None

    @model_validator(mode="after")
    def _has_root(self) -> Self:
        if self.root is None and (self.folder, self.unknown, self.groups) != (None, None, None):
            raise ValueError("a folder or file needs its root")
        return self


class _Tune(_Assess):
    """`save`: write what gains beyond its 95 % interval into the settings."""

    save: bool = False


class _Calibrate(BaseModel):
    """`folder`: photos of strangers, and in sub-folders called like characters new ones of theirs, below the media root
    `root`. `far`: the share of strangers that may get a name; `undo`: forget the measurement; `dry`: only say.
    """

    model_config = ConfigDict(extra="forbid")
    root: _RootId | None = None
    folder: _FolderPath | None = None
    far: Annotated[float, Field(gt=0, le=0.5)] | None = None
    undo: bool = False
    dry: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.root is None) != (self.folder is None):
            raise ValueError("a folder and its root belong together")
        if self.undo and self.folder is not None:
            raise ValueError("give either a folder or undo")
        return self


@router.get("/model")
def get_model(service: Served, caller: By) -> ModelAnswer:
    """The card of what names the faces, with the metrics of its training."""
    card = service.project.card
    if card is None:
        return ModelAnswer(model=None)
    facts: dict[str, Any] = {}
    if card.method == "model":
        try:
            facts = service.project.cast.card()
        except StoreError:  # it was taken away meanwhile
            return ModelAnswer(model=None)
    trained = {entry["character"]: entry for entry in facts.get("characters", ())}
    return ModelAnswer(
        model=ModelFacts(
            method=card.method,
            embedder=card.embedder,
            personae_version=card.personae_version,
            created=card.created,
            far=card.far,
            threshold=card.threshold,
            head=card.head,
            characters=[_trained(name, trained.get(name, {})) for name in card.characters],
            without_photos=[readable(name) for name in facts.get("without_photos", ())],
            far_curve=facts.get("far_curve", []),
            metrics=facts.get("metrics"),
            revision=facts.get("gallery_revision"),
            outdated=card.method == "model" and service.project.cast.is_outdated(),
        )
    )


@router.post("/train", status_code=202, response_model=JobAnswer)
def train(service: Served, caller: By, body: _Train, request: RequestId) -> dict[str, Any]:
    """Train on a folder of photos per character, below a media root: a job."""
    what = {"folder": _folder(service, body.root, body.folder), "fresh": body.fresh, "force": body.force}
    what |= service.roots.within()
    return {"job": job_dict(service.jobs.add("train", what, request=request, by=caller.name))}


@router.post("/evaluate", status_code=202, response_model=JobAnswer)
def evaluate(service: Served, caller: By, request: RequestId, body: _Assess | None = None) -> dict[str, Any]:
    """Say how well the cast names new photos, by cross-validation: a job. Nothing in the project changes."""
    what = _assessed(service, body or _Assess())
    return {"job": job_dict(service.jobs.add("evaluate", what, request=request, by=caller.name))}


@router.get("/evaluations/{id}", responses=native("Evaluation", "How well the cast names new photos."))
def get_evaluation(service: Served, caller: By, id: str) -> dict[str, Any]:
    """What a job of `evaluate` found, in the native format; files by their names alone."""
    job = service.jobs.get(id)
    if job is None or job.kind != "evaluate":
        raise ProblemError(404, "unknown-evaluation", "There is no evaluation with this id.")
    if "evaluation" not in job.result:
        raise ProblemError(409, "not-done", f"This evaluation is {job.state}.")
    found: dict[str, Any] = job.result["evaluation"]
    return found


@router.post("/tune", status_code=202, response_model=JobAnswer)
def tune(service: Served, caller: By, request: RequestId, body: _Tune | None = None) -> dict[str, Any]:
    """Search the settings that suit the cast: a job. Train again to use what it saved."""
    asked = body or _Tune()
    what = _assessed(service, asked) | {"save": asked.save}
    return {"job": job_dict(service.jobs.add("tune", what, request=request, by=caller.name))}


@router.post("/calibrate", status_code=202, response_model=JobAnswer)
def calibrate(service: Served, caller: By, request: RequestId, body: _Calibrate | None = None) -> dict[str, Any]:
    """Set how many strangers may get a name, measured where there are photos of some: a job."""
    asked = body or _Calibrate()
    folder = None if asked.root is None else _folder(service, asked.root, asked.folder or "")
    what = service.roots.within() | {"validation": folder, "far": asked.far, "undo": asked.undo, "dry": asked.dry}
    return {"job": job_dict(service.jobs.add("calibrate", what, request=request, by=caller.name))}


def _assessed(service: Service, asked: _Assess) -> dict[str, Any]:
    def found(folder: str | None) -> str | None:
        return None if folder is None or asked.root is None else _folder(service, asked.root, folder)

    groups = None
    if asked.groups is not None and asked.root is not None:
        groups = service.roots.find(asked.root, asked.groups)
        if not groups.is_file():
            raise ProblemError(422, "input", "That is no file.")
    return service.roots.within() | {
        "cast": found(asked.folder), "unknown": found(asked.unknown), "folds": asked.folds,
        "groups": None if groups is None else str(groups),
    }  # fmt: skip


def _folder(service: Service, root: str, folder: str) -> str:
    path = service.roots.find(root, folder)
    if not path.is_dir():
        raise ProblemError(422, "input", "That is no folder.")
    return str(path)


def _trained(name: str, facts: dict[str, Any]) -> Trained:
    return Trained(
        name=readable(name),
        photos=facts.get("photos", 0),
        prototypes=facts.get("prototypes", 0),
        looks=[readable(look) for look in facts.get("looks", ())],
    )
