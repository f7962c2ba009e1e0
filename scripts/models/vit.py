"""Vision transformers with a class token, as exporters write the timm library's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .calibrated_transformer import CalibratedTransformer
from .options import BuildOptions
from .traced_graph import Traced

EPSILON = 1e-6
CHANNELS = 3


@dataclass(frozen=True)
class VitSize:
    layers: int
    width: int
    heads: int
    hidden: int
    image: int
    patch: int
    classes: int


BASE = VitSize(layers=12, width=768, heads=12, hidden=3072, image=224, patch=16, classes=1000)
TINY = VitSize(layers=2, width=32, heads=4, hidden=64, image=32, patch=8, classes=20)


def build_base(output: Path, options: BuildOptions) -> Path:
    return _classifier("vit_base", BASE, options).save_model(output)


def build_tiny(output: Path, options: BuildOptions) -> Path:
    return _classifier("vit_tiny", TINY, options).save_with_test_data(output)


def _classifier(name: str, size: VitSize, options: BuildOptions) -> CalibratedTransformer:
    model = CalibratedTransformer(name, options)
    x = _tokens(model, _image(model, size, options), size)
    for layer in range(size.layers):
        x = _block(model, f"blocks.{layer}", x, size)
    x = model.layer_norm("norm", x, EPSILON)
    x = model.graph.op("Gather", "class_token", x, model.graph.integers("first", 0), axis=1)
    weight = model.graph.constant("head.weight", model.calibrated_weight(x, size.classes, 1).T)
    bias = model.bias("head", size.classes)
    logits = model.graph.op("Gemm", "output", x, weight, bias, transB=1)
    model.graph.output(logits, [options.batch, size.classes])
    return model


def _image(model: CalibratedTransformer, size: VitSize, options: BuildOptions) -> Traced:
    extents = (CHANNELS, size.image, size.image)
    example = model.normal((model.examples, *extents))
    return model.graph.input("input", [options.batch, *extents], example)


def _tokens(model: CalibratedTransformer, image: Traced, size: VitSize) -> Traced:
    """Patches as tokens behind a class token, each marked with its place."""
    graph = model.graph
    fan_in = CHANNELS * size.patch**2
    filters = model.normal((size.width, CHANNELS, size.patch, size.patch), fan_in**-0.5)
    x = graph.op(
        "Conv",
        "patches",
        image,
        graph.constant("patches.weight", filters),
        model.bias("patches", size.width),
        kernel_shape=[size.patch, size.patch],
        strides=[size.patch, size.patch],
    )
    places = (size.image // size.patch) ** 2
    x = model.reshape("patches.flat", x, [None, size.width, places])
    x = graph.op("Transpose", "patches.tokens", x, perm=[0, 2, 1])
    x = graph.op("Concat", "tokens", _class_tokens(model, image, size), x, axis=1)
    position = graph.constant("position", model.normal((1, 1 + places, size.width)))
    return graph.op("Add", "tokens.placed", x, position)


def _class_tokens(model: CalibratedTransformer, image: Traced, size: VitSize) -> Traced:
    token = model.graph.constant("class_token.weight", model.normal((1, 1, size.width)))
    shape = model.shape("class_token.shape", image, [None, 1, size.width])
    return model.graph.op("Expand", "class_token.expanded", token, shape)


def _block(model: CalibratedTransformer, name: str, x: Traced, size: VitSize) -> Traced:
    attended = _attention(
        model, f"{name}.attn", model.layer_norm(f"{name}.norm1", x, EPSILON), size
    )
    branch = model.linear(f"{name}.attn.proj", attended, size.width, model.residual_gain(x))
    x = model.graph.op("Add", f"{name}.attn.add", x, branch)
    hidden = model.layer_norm(f"{name}.norm2", x, EPSILON)
    hidden = model.erf_gelu(
        f"{name}.mlp.gelu", model.linear(f"{name}.mlp.fc1", hidden, size.hidden)
    )
    branch = model.linear(f"{name}.mlp.fc2", hidden, size.width, model.residual_gain(x))
    return model.graph.op("Add", f"{name}.mlp.add", x, branch)


def _attention(model: CalibratedTransformer, name: str, x: Traced, size: VitSize) -> Traced:
    graph, width = model.graph, size.width // size.heads
    packed = model.linear(f"{name}.qkv", x, 3 * size.width)
    packed = model.reshape(f"{name}.heads", packed, [None, None, 3, size.heads, width])
    packed = graph.op("Transpose", f"{name}.parts", packed, perm=[2, 0, 3, 1, 4])
    query, key, value = (
        graph.op(
            "Gather", f"{name}.{part}", packed, graph.integers(f"{name}.{part}.at", at), axis=0
        )
        for at, part in enumerate(("query", "key", "value"))
    )
    scale = graph.scalar(f"{name}.scale", float(np.sqrt(1 / width)))
    query = graph.op("Mul", f"{name}.scaled", query, scale)
    columns = graph.op("Transpose", f"{name}.columns", key, perm=[0, 1, 3, 2])
    weights = model.softmax(f"{name}.softmax", graph.op("MatMul", f"{name}.scores", query, columns))
    context = graph.op("MatMul", f"{name}.context", weights, value)
    return model.join_heads(f"{name}.joined", context)
