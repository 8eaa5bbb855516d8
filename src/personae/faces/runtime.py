"""onnxruntime sessions: made once, on the execution provider that was asked for, and honest about which one it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.errors import NO_MEMORY, MissingExtraError, WeightsError, is_out_of_memory, reason_of

PROVIDERS: dict[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Setting `provider` -> onnxruntime's name."""

AUTO_ORDER = ("cuda", "directml", "openvino", "cpu")
"""What `auto` tries, fastest first. TensorRT and CoreML must be named: both compile a graph anew for every
picture size, which can take longer than detecting in it. The order follows their documentation and is not measured."""

_WHEELS = {
    "tensorrt": "onnxruntime-gpu",
    "cuda": "onnxruntime-gpu",
    "coreml": "onnxruntime on macOS",
    "directml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
}


@dataclass(frozen=True)
class RunsOn:
    """What a session really uses: `provider` by our name, `threads` (None: one per physical core), and the version."""

    provider: str
    threads: int | None
    onnxruntime: str


class Session:
    """One network in onnxruntime, opened at the first `run`; safe to call from several threads.

    `make_model` gives the ONNX bytes and is called once, when they are needed.
    """

    def __init__(self, make_model: Callable[[], bytes], *, provider: str = "auto", threads: int | None = None) -> None:
        self._make_model = make_model
        self._provider = provider
        self._threads = threads
        self._lock = threading.Lock()
        self._session: Any = None
        self._has_run = False

    def run(self, values: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Every output by its name, for one input.

        Raises WeightsError where the network does not take it, MemoryError, and RuntimeError where it fails at this
        input, having taken others.
        """
        session = self._opened()
        names = [item.name for item in session.get_outputs()]
        try:
            results = session.run(names, {session.get_inputs()[0].name: values})
        except Exception as error:  # the edge: onnxruntime's errors are its own
            if is_out_of_memory(error):
                raise MemoryError(f"{NO_MEMORY} for an input of shape {values.shape}") from error
            if self._has_run:  # so it is of the right kind, and this input is the matter
                raise RuntimeError(reason_of(error)) from error
            raise WeightsError(
                f"The network does not take an input of shape {values.shape} ({str(error).splitlines()[0][:300]}). "
                "Is it of the right kind? Else free memory, or try --provider cpu."
            ) from error
        self._has_run = True
        return dict(zip(names, results, strict=True))

    def runs_on(self) -> RunsOn:
        """What is really used; opens the session."""
        import onnxruntime

        used = self._opened().get_providers()[0]
        name = next((ours for ours, theirs in PROVIDERS.items() if theirs == used), used)
        return RunsOn(name, self._threads, onnxruntime.__version__)

    def _opened(self) -> Any:
        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._session = _open(self._make_model(), self._provider, self._threads)
        return self._session


def installed_providers() -> list[str]:
    """Providers of the installed onnxruntime, by our names, in the order of `PROVIDERS`."""
    import onnxruntime

    available = set(onnxruntime.get_available_providers())
    return [name for name, theirs in PROVIDERS.items() if theirs in available]


def _open(model: bytes, provider: str, threads: int | None) -> Any:
    import onnxruntime

    installed = installed_providers()
    if provider != "auto" and provider not in installed:
        raise MissingProviderError(provider, installed)
    wanted = [name for name in AUTO_ORDER if name in installed] if provider == "auto" else [provider, "cpu"]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its warnings are about the graph, which its user cannot change
    options.intra_op_num_threads = threads or 0
    # Without this, idle worker threads spin and take the cores from decoding and from the other network.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            model, options, providers=list(dict.fromkeys(PROVIDERS[name] for name in wanted))
        )
    except Exception as error:  # the edge: onnxruntime's errors are its own
        if is_out_of_memory(error):
            raise MemoryError(f"{NO_MEMORY} to open a network") from error
        raise WeightsError(f"onnxruntime cannot open the network ({str(error).splitlines()[0][:300]}).") from error
    if provider != "auto" and session.get_providers()[0] != PROVIDERS[provider]:
        raise MissingProviderError(provider, [name for name in installed if name != provider])
    return session


class MissingProviderError(MissingExtraError):
    """The execution provider asked for by name cannot be used here."""

    def __init__(self, provider: str, installed: list[str]) -> None:
        Exception.__init__(
            self,
            f"The execution provider {provider} cannot be used here (usable: {', '.join(installed)}). Install the "
            f"wheel that brings it ({_WHEELS.get(provider, 'onnxruntime')}) and its drivers, or use --provider auto.",
        )
        self.extra = provider
