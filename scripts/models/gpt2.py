"""One decoding step of GPT-2 with its cache, as the tracing exporter of PyTorch writes it.

In: the newest token, and keys and values of all tokens before it. Out: logits,
and the keys and values with those of the new token appended.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .calibrated_transformer import CalibratedTransformer
from .options import BuildOptions
from .traced_graph import Traced

EPSILON = 1e-5
MASKED = float(np.finfo(np.float32).min)
NEW_TOKENS = 1
HEADS_FIRST = [0, 2, 1, 3]


@dataclass(frozen=True)
class Gpt2Size:
    layers: int
    width: int
    heads: int
    vocabulary: int
    positions: int


@dataclass(frozen=True)
class Cache:
    keys: Traced
    values: Traced


SMALL = Gpt2Size(layers=12, width=768, heads=12, vocabulary=50257, positions=1024)
TINY = Gpt2Size(layers=2, width=32, heads=4, vocabulary=100, positions=160)


def build_small(output: Path, options: BuildOptions) -> Path:
    return _decoder("gpt2_small", SMALL, options).save_model(output)


def build_tiny(output: Path, options: BuildOptions) -> Path:
    return _decoder("gpt2_tiny", TINY, options).save_with_test_data(output)


def _decoder(name: str, size: Gpt2Size, options: BuildOptions) -> CalibratedTransformer:
    options.require_positions(size.positions - NEW_TOKENS)
    model = CalibratedTransformer(name, options)
    vocabulary = options.vocabulary or size.vocabulary
    example = model.random.integers(0, vocabulary, (model.examples, NEW_TOKENS))
    ids = model.graph.input("input_ids", [options.batch, NEW_TOKENS], example)
    past = [_past(model, layer, size, options) for layer in range(size.layers)]
    # One table is embedding and head, so it decides how large the logits are.
    words = model.table("wte", vocabulary, size.width, float(size.width**-0.5))
    allowed, position = _causal_rows(model, past[0].keys, size)
    x = _embeddings(model, words, ids, position, size)
    present = []
    for layer in range(size.layers):
        x, cache = _block(model, layer, x, past[layer], allowed, size)
        present.append(cache)
    x = model.layer_norm("ln_f", x, EPSILON)
    head = model.graph.op("Transpose", "lm_head.weight", words, perm=[1, 0])
    logits = model.graph.op("MatMul", "logits", x, head)
    model.graph.output(logits, [options.batch, NEW_TOKENS, vocabulary])
    for cache in present:
        _add_outputs(model, cache, size, options)
    return model


def _past(model: CalibratedTransformer, layer: int, size: Gpt2Size, options: BuildOptions) -> Cache:
    width = size.width // size.heads
    tokens = "past" if options.is_symbolic else options.sequence
    shape = [options.batch, size.heads, tokens, width]
    example = (model.examples, size.heads, options.sequence, width)
    return Cache(
        model.graph.input(f"past_key_{layer}", shape, model.normal(example)),
        model.graph.input(f"past_value_{layer}", shape, model.normal(example)),
    )


def _add_outputs(
    model: CalibratedTransformer, cache: Cache, size: Gpt2Size, options: BuildOptions
) -> None:
    tokens = "present" if options.is_symbolic else options.sequence + NEW_TOKENS
    for x in (cache.keys, cache.values):
        model.graph.output(x, [options.batch, size.heads, tokens, size.width // size.heads])


def _causal_rows(
    model: CalibratedTransformer, keys: Traced, size: Gpt2Size
) -> tuple[Traced, Traced]:
    """Which keys the new token may see, and its position."""
    graph = model.graph
    past = model.extent("past.tokens", keys, 2)
    one = graph.integers("one", NEW_TOKENS)
    total = graph.op("Add", "present.tokens", past, one)
    position = graph.op("Range", "position", past, total, one)
    triangle = np.tril(np.ones((size.positions, size.positions), bool))[None, None]
    x = graph.constant("causal.all", triangle)
    start, end = model.unsqueeze("causal.start", past, 0), model.unsqueeze("causal.end", total, 0)
    x = graph.op("Slice", "causal.rows", x, start, end, graph.integers("causal.axis2", [2]))
    zero, axis = graph.integers("causal.zero", [0]), graph.integers("causal.axis3", [3])
    return graph.op("Slice", "causal", x, zero, end, axis), position


def _embeddings(
    model: CalibratedTransformer, words: Traced, ids: Traced, position: Traced, size: Gpt2Size
) -> Traced:
    places = model.table("wpe", size.positions, size.width, float(size.width**-0.5))
    x = model.embedding("embeddings.words", words, ids)
    row = model.unsqueeze("position.row", position, 0)
    return model.graph.op("Add", "embeddings", x, model.embedding("embeddings.places", places, row))


def _block(
    model: CalibratedTransformer,
    layer: int,
    x: Traced,
    past: Cache,
    allowed: Traced,
    size: Gpt2Size,
) -> tuple[Traced, Cache]:
    name = f"h.{layer}"
    normal = model.layer_norm(f"{name}.ln_1", x, EPSILON)
    attended, present = _attention(model, layer, normal, past, allowed, size)
    branch = _conv1d(model, f"{name}.attn.c_proj", attended, size.width, model.residual_gain(x))
    x = model.graph.op("Add", f"{name}.attn.add", branch, x)
    hidden = model.layer_norm(f"{name}.ln_2", x, EPSILON)
    hidden = _conv1d(model, f"{name}.mlp.c_fc", hidden, 4 * size.width)
    hidden = model.tanh_gelu(f"{name}.mlp.gelu", hidden)
    branch = _conv1d(model, f"{name}.mlp.c_proj", hidden, size.width, model.residual_gain(x))
    return model.graph.op("Add", f"{name}.mlp.add", x, branch), present


def _attention(
    model: CalibratedTransformer,
    layer: int,
    x: Traced,
    past: Cache,
    allowed: Traced,
    size: Gpt2Size,
) -> tuple[Traced, Cache]:
    name, graph = f"h.{layer}.attn", model.graph
    packed = _conv1d(model, f"{name}.c_attn", x, 3 * size.width)
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    sizes = graph.integers(f"{name}.split.sizes", [size.width] * 3)
    split = graph.multi_output_op("Split", f"{name}.split", parts, packed, sizes, axis=2)
    query, key, value = (
        model.split_heads(f"{part.name}.transposed", part, size.heads, HEADS_FIRST)
        for part in split
    )
    present = Cache(
        graph.op("Concat", f"present_key_{layer}", past.keys, key, axis=2),
        graph.op("Concat", f"present_value_{layer}", past.values, value, axis=2),
    )
    weights = _weights(model, name, query, present.keys, allowed)
    context = graph.op("MatMul", f"{name}.context", weights, present.values)
    return model.join_heads(f"{name}.joined", context), present


def _weights(
    model: CalibratedTransformer, name: str, query: Traced, keys: Traced, allowed: Traced
) -> Traced:
    graph = model.graph
    columns = graph.op("Transpose", f"{name}.keys", keys, perm=[0, 1, 3, 2])
    scores = graph.op("MatMul", f"{name}.scores", query, columns)
    root = graph.scalar(f"{name}.root", float(np.sqrt(query.features)))
    scores = graph.op("Div", f"{name}.scaled", scores, root)
    lowest = graph.scalar(f"{name}.lowest", MASKED)
    return model.softmax(
        f"{name}.softmax", graph.op("Where", f"{name}.masked", allowed, scores, lowest)
    )


def _conv1d(
    model: CalibratedTransformer, name: str, x: Traced, width: int, gain: float = 1.0
) -> Traced:
    """GPT-2's own linear layer: Gemm over all tokens at once."""
    weight = model.graph.constant(f"{name}.weight", model.calibrated_weight(x, width, gain))
    bias = model.bias(name, width, gain)
    rows = model.graph.op(
        "Reshape", f"{name}.rows", x, model.graph.integers(f"{name}.rows.shape", [-1, x.features])
    )
    product = model.graph.op("Gemm", f"{name}.gemm", rows, weight, bias)
    return model.reshape_rows(name, product, x)
