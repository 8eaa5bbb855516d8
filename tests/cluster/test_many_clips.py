"""Two hundred clips with known casts, two workers, one of them killed on the way: as one machine, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.conftest import World, timelines, world_of
from tests.cluster.live import PostgreSQL, Process, dask_worker, ending, is_alive, scan, scheduler, until, worker

pytestmark = [pytest.mark.live, pytest.mark.exhaustive]
COUNT = 200


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(tmp_path_factory.mktemp("many"), COUNT)


@contextmanager
def on_postgresql(folder: Path, media: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, list[Process]]]:
    server: PostgreSQL = request.getfixturevalue("postgresql")
    workers = [worker(folder, name, server.address, media) for name in ("one", "two")]
    with ending(*workers):
        yield server.address, workers
        assert not any(server.rows().values())


@contextmanager
def on_dask(folder: Path, media: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, list[Process]]]:
    del request
    with scheduler(folder) as address:
        workers = [dask_worker(folder, name, address, media) for name in ("one", "two")]
        with ending(*workers):
            yield address, workers


@pytest.mark.parametrize("engine", [on_postgresql, on_dask])
def test_two_hundred_clips_with_a_worker_killed_are_those_of_one_machine(
    many: World, tmp_path: Path, engine: object, request: pytest.FixtureRequest
) -> None:
    assert callable(engine)
    with engine(tmp_path, many.media, request) as (address, (one, two)):
        asking = scan(tmp_path, many.project(tmp_path), address, many.media, many.clips)
        with ending(asking):
            until(lambda: len(timelines(tmp_path / "out")) >= COUNT // 4 and one.children(), within_s=600)
            own = one.kill()
            until(lambda: not any(map(is_alive, own)), within_s=10)
            assert asking.process.wait(1800) == 0, asking.said
        found = timelines(tmp_path / "out")
        assert len(found) == COUNT and found == many.alone
        assert all('"Thor"' in one_timeline and '"Loki"' in one_timeline for one_timeline in found.values())
        assert two.end() in {0, -15} and not one.left() and not two.left()
