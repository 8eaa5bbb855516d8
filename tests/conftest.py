"""What tests share: one cache of prepared networks, real photos that come with pip packages, and the shared folder."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from personae import hints

SHARED_VARIABLE = "PERSONAE_SHARED"
# How wide a terminal is decides how tables are broken; what runs the tests in parallel sets it.
os.environ.pop("COLUMNS", None)


LONGEST_FIRST = (
    "test_forget_kills.py",
    "test_kills.py",
    "test_kill.py",
    "test_docs_run.py",
    "test_terminal.py",
    "test_stress.py",
)
"""Files whose tests take minutes: begun last, one would keep the other workers waiting for it at the end."""


LIVE = (
    "test_cluster_docs.py",
    "test_service_docs.py",
    "test_service_kills.py",
    "test_serving.py",
    "test_openapi.py",
    "test_typescript.py",
    "test_page.py",
    "test_helper.py",
    "test_crew.py",
    "test_what_jobs_tell.py",
    "test_kill.py",
    "test_kills.py",
    "test_forget_kills.py",
    "test_stress.py",
    "test_docs_run.py",
)
"""Files that start processes again and again, servers and browsers too: `make test-live`, which .ci/run calls."""
LONG_PAGES = (
    "test_films.py",
    "test_grid.py",
    "test_jobs.py",
    "test_journal.py",
    "test_outbox.py",
    "test_people.py",
    "test_photos.py",
)
"""Files of tests/page that together take a quarter of an hour: `make check-all`."""
NOT_LIVE = ("test_vendor.py", "test_types.py", "test_page_docs.py")
"""Files of tests/page that need no browser; all others there do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in LIVE or (item.path.parent.name == "page" and item.path.name not in NOT_LIVE):
            item.add_marker(pytest.mark.live)
        if item.path.parent.name == "page" and item.path.name in LONG_PAGES:
            item.add_marker(pytest.mark.exhaustive)
    items.sort(key=lambda item: item.path.name not in LONGEST_FIRST)


@pytest.fixture(autouse=True)
def hints_of_no_command() -> None:
    """A test that runs a command in this process leaves its project behind: the next test's advice would name it."""
    hints.use()


@pytest.fixture(scope="session", autouse=True)
def prepared_networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole run, so that networks are prepared once; PERSONAE_CACHE, where set, is used instead."""
    with pytest.MonkeyPatch.context() as patch:
        if "PERSONAE_CACHE" not in os.environ:
            patch.setenv("PERSONAE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield Path(os.environ["PERSONAE_CACHE"])


def _carried(distribution: str, path: str) -> Path:
    return Path(str(importlib.metadata.distribution(distribution).locate_file(path)))


@pytest.fixture(scope="session")
def astronaut() -> Path:
    """Photo of Eileen Collins, 512x512, public domain (NASA); one face."""
    return _carried("scikit-image", "skimage/data/astronaut.png")


@pytest.fixture(scope="session")
def hopper() -> Path:
    """Photo of Grace Hopper, 512x600, public domain (US Navy); one face."""
    return _carried("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder `data` of the shared folder beside the checkout (or in PERSONAE_SHARED); skips where it is missing."""
    root = os.environ.get(SHARED_VARIABLE) or Path(__file__).parents[2] / "shared"
    folder = Path(root) / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder
