"""Makes a network as published run in onnxruntime, once, and keeps the result in the user's cache.

As published the block-quantised files do not load: YuNet's biases carry a block size with a single scale, which is
invalid ONNX, and SFace lists its 174 weights as inputs and fixes the batch at one. What is done about it: every
`DequantizeLinear` of a constant becomes that constant in float32, inputs that are constants are dropped, and batch (for
embedders) or height and width (for detectors) are freed. And `PRelu` is written in operators that onnxruntime's CPU
kernels are good at, which makes SFace three times as fast. It takes about half a second and needs the package `onnx`,
which is imported only here and only when the cache has nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from personae.errors import WeightsError
from personae.faces import weights
from personae.faces.weights import Kind, Weights, cache_folder
from personae.files import read_whole

VERSION = 3
"""Goes up whenever the prepared graph changes; older prepared files are then made anew."""


@dataclass(frozen=True)
class Prepared:
    """A network ready to run. `model`: the ONNX bytes; `path`: where they are kept, None where only in memory."""

    model: bytes
    path: Path | None


def prepared(weights: Weights, kind: Kind) -> Prepared:
    """The runnable form of `weights`, from the cache or made now.

    The cached file has the digest of its own content in its name, so one move puts it in place, a damaged file is
    noticed and replaced, and processes that prepare at the same time only write the same thing twice.
    Raises WeightsError where the file is not an ONNX network.
    """
    folder = cache_folder() / "prepared"
    stem = f"{weights.sha256[:16]}-{kind}-v{VERSION}-"
    cached = _from_cache(folder, stem)
    if cached is not None:
        return cached
    model = prepare(weights, kind)
    return Prepared(model, _to_cache(folder, stem, model))


class LazyNetwork:
    """The runnable form of one network's weights, made when a session first asks for it."""

    def __init__(self, source: weights.LazyWeights, kind: weights.Kind) -> None:
        self._source = source
        self._kind = kind
        self.path: Path | None = None

    def take_model(self) -> bytes:
        """The ONNX bytes. They are not kept: a session needs them once, and they are as large as the network."""
        network = prepared(self._source.get(), self._kind)
        self.path = network.path
        return network.model


def _from_cache(folder: Path, stem: str) -> Prepared | None:
    for path in sorted(folder.glob(f"{stem}*.onnx")):
        with contextlib.suppress(OSError):
            model = read_whole(path)
            if hashlib.sha256(model).hexdigest() == path.stem.removeprefix(stem):
                return Prepared(model, path)
            path.unlink()  # damaged
    return None


def _to_cache(folder: Path, stem: str, model: bytes) -> Path | None:
    target = folder / f"{stem}{hashlib.sha256(model).hexdigest()}.onnx"
    temporary: str | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(model)
        Path(temporary).replace(target)
        for version in range(VERSION):
            for older in folder.glob(f"{stem.removesuffix(f'v{VERSION}-')}v{version}-*.onnx"):
                older.unlink(missing_ok=True)
    except OSError:  # read-only or full: the network in memory serves as well, only slower next time
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        return None
    return target


def prepare(weights: Weights, kind: Kind) -> bytes:
    """The runnable ONNX model made from `weights`; the same input gives the same bytes."""
    import onnx

    try:
        model = onnx.load_model_from_string(weights.data)
        _fold_dequantization(model.graph)
        _split_prelu(model.graph)
        # What the graph itself holds, and what nothing in it reads, is no input, whatever it lists.
        held = {tensor.name for tensor in model.graph.initializer}
        read = {name for node in model.graph.node for name in node.input}
        inputs = [item for item in model.graph.input if item.name in read - held]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        _free_shapes(model.graph, kind)
        return bytes(model.SerializeToString(deterministic=True))
    except Exception as error:  # the edge: protobuf and onnx have errors of their own
        raise WeightsError(
            f"{weights.path}: this is not an ONNX network that can be used ({str(error).splitlines()[:1]}). "
            "Give the path of another file."
        ) from error


def _fold_dequantization(graph: Any) -> None:
    """Replace each DequantizeLinear of constants, and the Reshape that follows it, by its value."""
    import onnx

    to_array = onnx.numpy_helper.to_array
    constants = {tensor.name: tensor for tensor in graph.initializer}
    folded: dict[str, NDArray[Any]] = {}
    kept = []
    for node in graph.node:
        options = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        if node.op_type == "DequantizeLinear" and all(name in constants for name in node.input):
            arrays = [to_array(constants[name]) for name in node.input]
            folded[node.output[0]] = dequantize(
                *arrays, axis=options.get("axis", 1), block_size=options.get("block_size", 0)
            )
        elif node.op_type == "Reshape" and node.input[0] in folded and node.input[1] in constants:
            folded[node.output[0]] = folded[node.input[0]].reshape(to_array(constants[node.input[1]]))
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    tensors = [tensor for tensor in graph.initializer if tensor.name in used]
    tensors += [onnx.numpy_helper.from_array(value, name) for name, value in folded.items() if name in used]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(tensors)


def _split_prelu(graph: Any) -> None:
    """Write each PRelu with one slope per channel as `slope * x + (1 - slope) * max(x, 0)`: two 1x1 convolutions.

    These stay in the blocked layout of the convolutions around them. PRelu has no such kernel: onnxruntime (1.32)
    lays the whole tensor out anew before and after it and spends two thirds of SFace's time there.
    """
    import onnx

    make, constants = onnx.helper.make_node, {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        slope = constants.get(node.input[1]) if node.op_type == "PRelu" else None
        if slope is None or len(slope.dims) != 3 or slope.dims[1:] != [1, 1]:
            nodes.append(node)
            continue
        (x, _), (y,) = node.input, node.output
        slopes = onnx.numpy_helper.to_array(slope)[:, None]
        for name, factors in ((f"{y}_slope", slopes), (f"{y}_rest", 1 - slopes)):
            graph.initializer.append(onnx.numpy_helper.from_array(factors, name))
        size = {"group": len(slopes), "kernel_shape": [1, 1]}
        if (slopes <= 1).all():  # then the order is free, and a Relu behind a Conv costs nothing
            nodes += [make("Conv", [x, f"{y}_rest"], [f"{y}_step"], **size), make("Relu", [f"{y}_step"], [f"{y}_more"])]
        else:
            nodes += [make("Relu", [x], [f"{y}_step"]), make("Conv", [f"{y}_step", f"{y}_rest"], [f"{y}_more"], **size)]
        nodes += [
            make("Conv", [x, f"{y}_slope"], [f"{y}_whole"], **size),
            make("Add", [f"{y}_whole", f"{y}_more"], [y]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    tensors = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(tensors)


def dequantize(
    quantized: NDArray[Any],
    scale: NDArray[Any],
    zero_point: NDArray[Any] | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
) -> NDArray[np.float32]:
    """`(quantized - zero_point) * scale` in float32, as ONNX's DequantizeLinear-21 defines it, block by block.

    One scale serves every value whatever `block_size` says: that is what the published YuNet's invalid biases mean.
    """

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        if values.size == 1:
            return values.reshape(())
        if block_size:
            return np.repeat(values, block_size, axis=axis).take(np.arange(quantized.shape[axis]), axis=axis)
        return values.reshape([-1 if at == axis % quantized.ndim else 1 for at in range(quantized.ndim)])

    offset = np.float32(0) if zero_point is None else spread(zero_point).astype(np.float32)
    result: NDArray[np.float32] = (quantized.astype(np.float32) - offset) * spread(scale).astype(np.float32)
    return result


def _free_shapes(graph: Any, kind: Kind) -> None:
    """Let the caller choose batch size (embedder) or height and width (detector)."""
    free = {"embedder": {0: "batch"}, "detector": {2: "height", 3: "width"}}[kind]
    dimensions = graph.input[0].type.tensor_type.shape.dim
    for at, name in free.items():
        dimensions[at].dim_param = name
    for item in graph.output:
        for at, dimension in enumerate(item.type.tensor_type.shape.dim):
            if at == (0 if kind == "embedder" else 1):
                dimension.dim_param = name if kind == "embedder" else f"{item.name}_cells"
    # What was noted for the fixed shape no longer holds; onnxruntime infers it anew.
    del graph.value_info[:]
