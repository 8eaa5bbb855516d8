"""What a Dask worker runs: a piece, by the child process of its thread, so that the worker itself is free to answer.

Plain values in, plain values out: an exception of ours would need Personae to be read where it arrives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakSet

from personae.cluster.child import Child, ChildEndedError
from personae.cluster.faults import MachineError, PieceError
from personae.cluster.own_folder import leave_nothing_behind, own_folder
from personae.cluster.piece import Piece, check_version
from personae.cluster.roots import roots_of
from personae.settings import resolve

TELL_EVERY_S = 1.0
_HERE = threading.local()
_CHILDREN: WeakSet[Child] = WeakSet()


def look_on_worker(value: Mapping[str, Any], topic: str, roots: Mapping[str, str]) -> dict[str, Any]:
    """Look through the piece that `value` says: {"content": bytes}, or {"fault": ..., "of": ...}; and the machine.

    `topic`: where to tell how far it is; `roots`: those of who asks, for workers that were started by it.
    """
    from distributed import get_worker

    worker = get_worker()
    address, machine = worker.address, f"{worker.name}"
    machine = machine if not machine.isdigit() else f"{worker.ip}, worker {machine}"
    key, told = worker.get_current_task(), [0.0]
    answer: dict[str, Any] = {"machine": machine, "address": address}

    def tell(progress: dict[str, Any]) -> None:
        if time.monotonic() - told[0] >= TELL_EVERY_S:
            told[0] = time.monotonic()
            worker.log_event(topic, {"piece": piece.id, **progress})

    def is_over() -> bool:
        task = worker.state.tasks.get(key)  # let go by who asked, or by the scheduler when that one is gone
        return task is None or task.state in {"cancelled", "released", "forgotten"}

    try:
        piece = Piece.of_dict(value)
        check_version(piece)
        # Workers of one process share the machine's cores, and Dask gives each task one thread.
        child = _child(machine, worker.state.nthreads > 1 or address.startswith("inproc:"), roots)
        with own_folder() as folder:
            out = folder / "result"
            if child.look_at(piece, out, tell, is_over):
                return {**answer, "content": out.read_bytes()}
            return {**answer, "fault": "it is not wanted any more", "of": "nobody"}
    except PieceError as error:
        return {**answer, "fault": str(error), "of": "piece"}
    except MachineError as error:
        return {**answer, "fault": str(error), "of": "machine", "ends": error.ends}
    except ChildEndedError as error:
        return {**answer, "fault": f"the process that looked ended ({error})", "of": "process"}
    except OSError as error:
        return {**answer, "fault": f"what is found cannot be kept ({error.strerror or error})", "of": "machine"}


def end_children() -> None:
    """End those of this process: it goes on without its workers."""
    for child in list(_CHILDREN):
        child.end()


def _child(machine: str, is_shared: bool, roots: Mapping[str, str]) -> Child:
    """The child of this thread; its settings and roots are those of the worker's environment.

    `is_shared`: whether others look on this machine too.
    """
    child = getattr(_HERE, "child", None)
    if child is None:
        leave_nothing_behind()
        own = resolve()
        settings: dict[str, Any] = {}
        if own.threads is None and is_shared:
            settings["threads"] = 1
        found = roots_of(own.roots) or {name: path for name, one in roots.items() if (path := Path(one)).is_dir()}
        child = _HERE.child = Child(found, machine, settings)
        _CHILDREN.add(child)
    return child
