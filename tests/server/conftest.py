"""A served project without a network between: the application itself, and its jobs done when a test says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from personae import Project
from personae.jobs.job import Job
from personae.jobs.table import JobTable
from personae.jobs.worker import Worker
from personae.server.app import make_app
from personae.server.helper import Helper
from personae.server.keys import Keys, Role
from personae.server.roots import MediaRoots
from personae.server.service import Service
from personae.server.watching import Watcher

if TYPE_CHECKING:
    from tests.server.media import Client

API = "/api/v1"


@dataclass
class Served:
    """A project that is served in this process. `client` has the token; `as_role` gives a client with a key."""

    project: Project
    service: Service
    app: Any
    client: TestClient
    media: Path
    clients: list[TestClient] = field(default_factory=list)

    def as_role(self, role: Role) -> TestClient:
        """A client with a key of that role."""
        secret = self.service.keys.add(f"{role}-{len(self.clients)}", role)
        self.clients.append(TestClient(self.app, base_url="http://127.0.0.1:8765", headers=bearer(secret)))
        return self.clients[-1]

    def work(self) -> list[Job]:
        """Do every waiting job here and now; how they stand after it."""
        worker, done = Worker(self.project, self.service.jobs, "test"), []
        while (claim := self.service.jobs.claim("test")) is not None:
            worker.do(claim)
            job = self.service.jobs.get(claim.id)
            assert job is not None
            done.append(job)
        return done


def bearer(secret: str) -> dict[str, str]:
    """The header with a key."""
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a project: `serve(project, media)`; what is not given is empty."""
    opened: list[Served] = []

    def make(project: Project | None = None, media: Path | None = None) -> Served:
        project = project or Project.open(tmp_path / "project")
        project.folder.mkdir(parents=True, exist_ok=True)
        media = media or tmp_path / "media"
        media.mkdir(exist_ok=True)
        table = JobTable.of_project(project.folder, most_waiting=project.settings.max_waiting_jobs)
        service = Service(
            project, table, Keys(project.folder), MediaRoots([media]), "token-of-tests", Helper(project.folder)
        )
        app = make_app(service, Watcher(service), hosts=["127.0.0.1:8765"])
        client = TestClient(app, base_url="http://127.0.0.1:8765", headers=bearer(service.token))
        opened.append(Served(project, service, app, client, media))
        return opened[-1]

    yield make
    for one in opened:
        one.service.close()
        one.service.helper.close()
        one.service.keys.close()
        one.service.jobs.close()
        one.project.close()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """An empty project, served."""
    return serve()


@pytest.fixture(scope="session")
def scanned_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`media` and `project` of `tests/server/media.py`, scanned once for all tests that copy the project."""
    from tests.server.media import make_media, scan_media

    home = tmp_path_factory.mktemp("media")
    make_media(home / "media")
    scan_media(home / "project", home / "media")
    return home


@pytest.fixture
def filled(scanned_media: Path, tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """A copy of that project, served."""
    from tests.server.media import FAKE

    shutil.copytree(scanned_media / "project", tmp_path / "project")
    return serve(Project.open(tmp_path / "project", settings=FAKE), scanned_media / "media")


@pytest.fixture
def client(served: Served) -> Client:
    """What asks the served project, with the token."""
    from tests.server.media import Client

    return Client(served.client)
