"""A worker: takes jobs from the table one after the other, in a process of its own at low priority.

Run by `Crew` as `python -m personae.jobs.worker PROJECT NAME`; it ends when its standard input does, so that it never
outlives who started it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from personae.commits import Commit
from personae.errors import PersonaeError, ProjectBusyError, SupersededError, UnknownCharacterError, code_of
from personae.forgetting.names import NameSearch
from personae.jobs import work
from personae.jobs.job import QUICK, Claim
from personae.jobs.sentences import Folders, without_paths
from personae.jobs.table import JobTable
from personae.progress import Cancelled, Progress
from personae.project.session import Project
from personae.settings import Settings, resolve

NICE = 15
"""So much politer than what answers people."""
ENDS_AT_ONCE_AFTER_S = 0.7
"""Work that does not hear that it is to end (networks being loaded) is broken off as by a kill: it is made for that."""
LOOK_EVERY_S = 0.3
BEATS_A_LEASE = 4
TELL_EVERY_S = 0.5
log = logging.getLogger(__name__)


class Worker:
    """Does the jobs of one project. `stop`: is set when it is to end after the job it is at, which is broken off.

    `settings`: asked before each job, which is done with what it says; without it `project` is as it was opened.
    `but`: kinds of jobs that it leaves to others; by its name those that are not quick, where it is a quick one.
    """

    def __init__(
        self,
        project: Project,
        table: JobTable,
        name: str,
        *,
        settings: Callable[[], Settings] | None = None,
        but: Collection[str] | None = None,
    ) -> None:
        self.project = project
        self.table = table
        self.name = name
        self._settings = settings
        self._but = (work.LONG if name.startswith(QUICK) else ()) if but is None else but
        self.stop = threading.Event()

    def run(self) -> None:
        """Work until `stop` is set."""
        while not self.stop.is_set():
            claim = self.table.claim(self.name, but=self._but)
            if claim is None:
                self.stop.wait(LOOK_EVERY_S)
            else:
                self.do(claim)

    def do(self, claim: Claim) -> None:
        """Do one job and say what became of it."""
        folders = Folders.of_job(self.project.folder, claim.job.what)
        beats = _Beats(self.table, claim, self.stop, folders)
        try:
            with beats:
                self._heed_settings()
                result = work.do(
                    self.project, claim.job.kind, claim.job.what, Commit(claim.id, claim.fence), beats.tell
                )
            self.table.finish(claim, folders.without(result))
        except Cancelled:
            if beats.is_lost:
                log.info("The job %s is another worker's now.", claim.id)
            elif self.stop.is_set():
                self.table.release(self.name, "put back: the worker was asked to end", was_asked=True)
            else:
                self.table.cancelled(claim)
        except SupersededError:
            log.info("The job %s is another worker's now.", claim.id)
        except ProjectBusyError as error:  # no failure: it is done when the others have done
            self.table.put_back(claim, _why(claim, error, folders))
        except PersonaeError as error:
            why = _why(claim, error, folders)
            self.table.fail(claim, {"code": code_of(error), "detail": why}, why)
        except Exception as error:  # a fault of ours fails the job, not the worker
            why = f"a fault of Personae ({type(error).__name__})"
            log.exception("The job %s failed.", claim.id)
            self.table.fail(claim, {"code": "fault", "detail": f"This is {why}. Its log has more."}, why)

    def _heed_settings(self) -> None:
        """Open the project anew where its settings have changed, as `tune` and `calibrate` change them."""
        if self._settings is None or (now := self._settings()) == self.project.settings:
            return
        self.project.close()
        self.project = Project.open(self.project.folder, settings=now)


def _why(claim: Claim, error: PersonaeError, folders: Folders) -> str:
    """What an error says. Whom somebody wanted to be forgotten is written down nowhere, whatever came of it."""
    why = without_paths(error, folders)
    if claim.job.kind != "forget":
        return why
    if isinstance(error, UnknownCharacterError):
        return "No character has that name."
    name = str(claim.job.what.get("name", ""))
    is_named = name.casefold() in why.casefold() or NameSearch([name]).in_text(why)
    return "The forgetting could not be carried out, and the reason names the person." if name and is_named else why


class _Beats:
    """The heart of a job: renews its lease from a thread, says how far it is, and ends it where it is to end."""

    def __init__(self, table: JobTable, claim: Claim, stop: threading.Event, folders: Folders) -> None:
        self._table = table
        self._claim = claim
        self._stop = stop
        self._folders = folders
        self._over = threading.Event()
        self._ends = threading.Event()
        self._progress: dict[str, Any] | None = None
        self._thread = threading.Thread(target=self._beat, name="personae-heart", daemon=True)
        self.is_lost = False

    def tell(self, progress: Progress) -> None:
        """For the work: how far it is. Raises Cancelled where it is to end."""
        self._progress = {
            "stage": progress.stage, "done": progress.done, "total": progress.total, "unit": progress.unit,
            "message": "" if progress.stage == "forgetting" else self._shown(progress.message),
        }  # fmt: skip
        if self._ends.is_set() or self._stop.is_set():
            raise Cancelled

    def _shown(self, message: str) -> str:
        """A message, which may be a path, without folders of this machine."""
        path = PurePath(message)
        return path.name if path.is_absolute() else str(self._folders.without(message))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        renew_every = self._table.lease_s / BEATS_A_LEASE
        renewed = time.monotonic()
        told: dict[str, Any] | None = None
        while not self._over.wait(min(TELL_EVERY_S, renew_every)):
            if self._progress == told and time.monotonic() - renewed < renew_every:
                continue
            told, renewed = self._progress, time.monotonic()
            try:
                if not self._table.beat(self._claim, told):
                    job = self._table.get(self._claim.id)
                    self.is_lost = job is None or job.fence != self._claim.fence
                    self._ends.set()
            except ProjectBusyError as error:  # the next beat may get through
                log.warning("A heartbeat was late. %s", error)


def main() -> None:
    """Be the worker of the project that the command line names."""
    folder, name = sys.argv[1:3]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with contextlib.suppress(OSError, AttributeError):  # not on every system
        os.nice(NICE)
    table = JobTable.of_project(Path(folder))
    with Project.open(folder) as project:
        worker = Worker(project, table, name, settings=lambda: settings_of(Path(folder)))
        signal.signal(signal.SIGTERM, lambda *_: worker.stop.set())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when to end
        threading.Thread(target=end_with_input, args=(worker.stop.set,), daemon=True).start()
        worker.run()
        worker.project.close()
        table.close()


def settings_of(project: Path) -> Settings:
    """Those of the project, with threads that leave a core to who answers people."""
    settings = resolve(project=project)
    return settings if settings.threads is not None else replace(settings, threads=max((os.cpu_count() or 2) - 1, 1))


def end_with_input(stop: Callable[[], None]) -> None:
    """Who started the worker holds the other end of its standard input; at the end of that the worker ends."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdin.buffer.read()
    stop()
    time.sleep(ENDS_AT_ONCE_AFTER_S)
    os._exit(0)


if __name__ == "__main__":
    main()
