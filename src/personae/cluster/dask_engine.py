"""Pieces handed out by Dask Distributed: a scheduler that exists already, or one of this machine (`local`)."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import uuid4

from personae._version import __version__
from personae.cluster.engine import MOST_TRIES, PieceFailedError
from personae.cluster.faults import ClusterError
from personae.cluster.piece import Piece
from personae.cluster.roots import Roots
from personae.errors import MissingExtraError

LOCAL = "local"
CONNECT_S = 15.0
MACHINES_EVERY_S = 2.0
VERSION_THERE = "__import__('personae._version', fromlist=['_']).__version__"
"""Evaluated by the workers: a function of ours could not even be read where Personae is missing."""
LOOK_THERE = "__import__('personae.cluster.on_dask', fromlist=['_']).look_on_worker(value, topic, roots)"
"""The same: it would end a worker, or a scheduler, that has no Personae."""
log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Asked:
    piece: Piece
    future: Future[bytes]
    tell: Callable[[dict[str, Any]], None]
    there: Any = None
    tries: int = 0
    not_on: set[str] = field(default_factory=set)


class DaskEngine:
    """See `engines.Engine`. `client`: a `distributed.Client`; `local`: a cluster of ours, which ends with it."""

    def __init__(self, client: Any, roots: Roots, local: _Local | None = None) -> None:
        self._client = client
        self._local = local
        self._roots = {name: str(path) for name, path in roots.items()}
        self._topic = f"personae-{uuid4().hex}"
        self._asked: dict[str, _Asked] = {}
        self._bad: dict[str, str] = {}
        self._known: list[str] = []
        self._known_at = -MACHINES_EVERY_S - 1.0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="personae-dask")
        client.subscribe_topic(self._topic, self._told)

    @classmethod
    def at(cls, address: str, roots: Roots) -> Self:
        """At a scheduler's address, or on a cluster of this machine. Raises ClusterError, MissingExtraError."""
        try:
            from distributed import Client, Security
        except ImportError:
            raise MissingExtraError("Dask", "cluster") from None
        logging.getLogger("distributed").setLevel(logging.WARNING)
        local = _Local() if address == LOCAL else None
        try:
            security = Security() if address.startswith("tls://") else None  # type: ignore[no-untyped-call]
            there = address if local is None else local.cluster
            client = Client(there, timeout=CONNECT_S, security=security, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClusterError(f"No Dask scheduler answers at {address} ({reason}).") from None
        engine = cls(client, roots, local)
        try:
            engine.check()
        except BaseException:
            engine.close()
            raise
        return engine

    def check(self) -> None:
        """Raise ClusterError where no worker has this Personae; those that have not are left out."""
        found = self._leave_out()
        if found and len(self._bad) == len(found):
            raise ClusterError(f"None of the {len(found)} workers can look through films. {self._why_bad()}")

    def _leave_out(self) -> list[str]:
        """Leave out the workers that cannot look, and say it of each once; all that there are."""
        found = self._client.run(eval, VERSION_THERE, on_error="return")  # nothing of what others say is evaluated here
        for worker, version in found.items():
            if worker in self._bad or version == __version__:
                continue
            if isinstance(version, BaseException):
                self._bad[worker] = "Personae is not installed there: pip install personae"
            else:
                self._bad[worker] = f"it has Personae {version}, and this machine {__version__}: install the same"
            log.warning("The worker %s is left out: %s.", worker, self._bad[worker])
        return list(found)

    def submit(self, piece: Piece, tell: Callable[[dict[str, Any]], None]) -> Future[bytes]:
        """See `Engine.submit`."""
        asked = _Asked(piece, Future(), tell)
        with self._lock:
            self._asked[piece.id] = asked
        asked.future.add_done_callback(lambda _: self._let_go(asked))
        self._send(asked)
        return asked.future

    def machines(self) -> list[str]:
        """See `Engine.machines`; asked again after a while, for each asking takes the scheduler some time."""
        return [one for one in self._all() if one not in self._bad]

    def done_with(self, piece: Piece) -> None:
        """See `Engine.done_with`: the result was let go when it arrived."""

    def close(self) -> None:
        """See `Engine.close`."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            self._client.close()
        if self._local is not None:
            with contextlib.suppress(Exception):
                self._local.close()

    def _send(self, asked: _Asked) -> None:
        asked.tries += 1
        workers = None
        if out := asked.not_on | set(self._bad):
            there = self._all(newer_than_s=0.0)
            workers = [one for one in there if one not in out] or None
            if workers is None and self._bad and set(there) <= set(self._bad):
                self._fail(asked, ClusterError(f"No machine is left that can look through films. {self._why_bad()}"))
                return
        given = {"value": asked.piece.as_dict(), "topic": self._topic, "roots": self._roots}
        asked.there = self._client.submit(
            eval, LOOK_THERE, given,
            key=f"personae-piece-{asked.piece.id}-{uuid4().hex[:8]}", pure=False, retries=0, workers=workers,
            allow_other_workers=workers is not None,
        )  # fmt: skip
        asked.there.add_done_callback(lambda there: self._pool.submit(self._heed, asked, there))

    def _heed(self, asked: _Asked, there: Any) -> None:
        """What became of a piece."""
        if asked.future.cancelled():
            return
        try:
            if there.status == "finished":
                answer = there.result()
            elif there.status == "error":
                self._heed_error(asked, there.exception())
                return
            else:
                self._fail(asked, ClusterError("Dask's scheduler has gone. Start again: what is done stays done."))
                return
        except Exception as error:  # the scheduler went in the middle of it
            self._fail(asked, ClusterError(f"Dask's scheduler does not answer ({type(error).__name__})."))
            return
        finally:
            there.release()
        self._heed_answer(asked, answer)

    def _heed_answer(self, asked: _Asked, answer: Mapping[str, Any]) -> None:
        machine = str(answer.get("machine", ""))
        if isinstance(answer.get("content"), bytes):
            self._end(asked)
            with contextlib.suppress(InvalidStateError):
                asked.future.set_result(answer["content"])
            return
        fault, kind = str(answer.get("fault", "")), answer.get("of")
        if kind == "machine":
            asked.not_on.add(str(answer.get("address")))
            if answer.get("ends", True) and str(answer.get("address")) not in self._bad:
                self._bad[str(answer.get("address"))] = fault
                log.warning("The worker %s is left out: %s", machine, fault)
        if kind == "piece" or (asked.tries >= MOST_TRIES and not (kind == "machine" and answer.get("ends", True))):
            more = f"; it was tried {asked.tries} times" if asked.tries > 1 else ""
            self._fail(asked, PieceFailedError(f"{fault}{more}", machine))
        else:
            self._send(asked)

    def _heed_error(self, asked: _Asked, error: BaseException) -> None:
        last = getattr(error, "last_worker", None)
        if last is not None:  # KilledWorker: it ended as many workers as Dask allows
            self._fail(asked, PieceFailedError("it ended the workers that looked through it", str(last.address)))
        elif asked.tries >= MOST_TRIES:
            self._fail(asked, PieceFailedError(f"{type(error).__name__}: {error}", ""))
        else:
            with contextlib.suppress(Exception):  # a worker without Personae may have come
                self._leave_out()
            self._send(asked)

    def _told(self, event: tuple[Any, Mapping[str, Any]]) -> None:
        _, progress = event
        with self._lock:
            asked = self._asked.get(str(progress.get("piece")))
        if asked is not None:
            asked.tell(dict(progress))

    def _fail(self, asked: _Asked, error: Exception) -> None:
        self._end(asked)
        with contextlib.suppress(InvalidStateError):
            asked.future.set_exception(error)

    def _end(self, asked: _Asked) -> None:
        with self._lock:
            self._asked.pop(asked.piece.id, None)

    def _let_go(self, asked: _Asked) -> None:
        if not asked.future.cancelled():
            return
        self._end(asked)
        with contextlib.suppress(Exception):
            asked.there.cancel()

    def _all(self, *, newer_than_s: float = MACHINES_EVERY_S) -> list[str]:
        if time.monotonic() - self._known_at > newer_than_s:
            with contextlib.suppress(Exception):
                self._known = list(self._client.scheduler_info(n_workers=-1)["workers"])
                self._known_at = time.monotonic()
        return self._known

    def _why_bad(self) -> str:
        return " ".join(f"{worker}: {why}." for worker, why in list(self._bad.items())[:3])


class _Local:
    """A cluster of this machine: a worker a core, all in this process, for who looks is a process of its own anyway.

    What did not fit into its memory is gone with it.
    """

    def __init__(self) -> None:
        from distributed import LocalCluster

        cores = os.cpu_count() or 1
        self._folder = TemporaryDirectory(prefix="personae-cluster-", ignore_cleanup_errors=True)
        alone = "127.0.0.1:0"  # Dask's pages about itself cannot be switched off
        self.cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=cores, threads_per_worker=1, processes=False,
            dashboard_address=alone, worker_dashboard_address=alone,
            local_directory=self._folder.name, silence_logs=logging.ERROR,
        )  # fmt: skip

    def close(self) -> None:
        """End it."""
        from personae.cluster.on_dask import end_children

        end_children()
        self.cluster.close()
        self._folder.cleanup()
