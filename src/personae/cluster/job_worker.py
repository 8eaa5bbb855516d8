"""The worker of a served project whose films are scanned by other machines: many scans wait side by side in it.

Run by `Crew` as `python -m personae.cluster.job_worker PROJECT NAME`; see `jobs.worker`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from personae.cluster import LOCKS_S
from personae.cluster.elsewhere import Elsewhere
from personae.cluster.engines import engine_of
from personae.cluster.roots import roots_of
from personae.jobs import work
from personae.jobs.table import JobTable
from personae.jobs.worker import NICE, Worker, end_with_input, settings_of
from personae.project.session import Project

AT_ONCE = 32
"""So many films are on their way at once."""
COMMAND = ("-m", "personae.cluster.job_worker")


def main() -> None:
    """Be the worker of the project that the command line names."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with contextlib.suppress(OSError, AttributeError):  # not on every system
        os.nice(NICE)
    os.environ.setdefault("PERSONAE_LOCK_TIMEOUT_S", f"{LOCKS_S:g}")
    settings = settings_of(folder)
    roots, table = roots_of(settings.roots), JobTable.of_project(folder)
    engine = engine_of(settings.cluster or "", owner=folder, roots=roots)
    elsewhere = Elsewhere(engine, roots)
    with Project.open(folder) as one:  # it heeds what tune and calibrate write
        one.context.watch = elsewhere.watch
        others = frozenset(work.KINDS) - {"scan"}
        workers = [Worker(one, table, name, but=others if number else ()) for number in range(AT_ONCE)]
        threads = [threading.Thread(target=worker.run, daemon=True) for worker in workers]

        def stop() -> None:
            elsewhere.over.set()
            for worker in workers:
                worker.stop.set()

        signal.signal(signal.SIGTERM, lambda *_: stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it says when to end
        threading.Thread(target=end_with_input, args=(stop,), daemon=True).start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        engine.close()
        table.close()


if __name__ == "__main__":
    main()
