"""BERT's encoder, from token ids to the last hidden state.

Written as the tracing exporter of PyTorch writes it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .calibrated_transformer import CalibratedTransformer, shape_of
from .options import BuildOptions
from .traced_graph import Traced

EPSILON = 1e-12
TOKEN_TYPES = 2
EMBEDDING_DEVIATION = 1.0  # the normalisation after it makes any other scale the same
MASKED = float(np.finfo(np.float32).min)
PADDED_SHARE = 4  # the last example leaves one in so many tokens unused


@dataclass(frozen=True)
class BertSize:
    layers: int
    width: int
    heads: int
    hidden: int
    vocabulary: int
    positions: int


BASE = BertSize(layers=12, width=768, heads=12, hidden=3072, vocabulary=30522, positions=512)
TINY = BertSize(layers=2, width=32, heads=4, hidden=64, vocabulary=100, positions=160)


def build_base(output: Path, options: BuildOptions) -> Path:
    return _encoder("bert_base", BASE, options).save_model(output)


def build_tiny(output: Path, options: BuildOptions) -> Path:
    return _encoder("bert_tiny", TINY, options).save_with_test_data(output)


def _encoder(name: str, size: BertSize, options: BuildOptions) -> CalibratedTransformer:
    options.require_positions(size.positions)
    model = CalibratedTransformer(name, options)
    x, mask = _embeddings(model, size, options)
    for layer in range(size.layers):
        x = _layer(model, f"encoder.{layer}", x, mask, size)
    last = model.graph.op("Identity", "last_hidden_state", x)
    model.graph.output(last, shape_of(options, "sequence", size.width))
    return model


def _embeddings(
    model: CalibratedTransformer, size: BertSize, options: BuildOptions
) -> tuple[Traced, Traced]:
    """The hidden state, and what to add to attention scores."""
    vocabulary = options.vocabulary or size.vocabulary
    tokens = (model.examples, options.sequence)
    shape = shape_of(options, "sequence")
    ids = model.random.integers(0, vocabulary, tokens)
    types = np.broadcast_to(np.arange(tokens[1]) >= tokens[1] // 2, tokens).astype(np.int64)
    used = np.ones(tokens, np.int64)
    used[-1, tokens[1] - tokens[1] // PADDED_SHARE :] = 0
    input_ids = model.graph.input("input_ids", shape, ids)
    attention_mask = model.graph.input("attention_mask", shape, used)
    token_types = model.graph.input("token_type_ids", shape, types)
    mask = _additive_mask(model, attention_mask)

    def embed(part: str, indices: Traced, count: int) -> Traced:
        name = f"embeddings.{part}"
        table = model.table(name, count, size.width, EMBEDDING_DEVIATION)
        return model.embedding(name, table, indices)

    words = embed("word", input_ids, vocabulary)
    kinds = embed("token_type", token_types, TOKEN_TYPES)
    places = embed("position", _positions(model, input_ids, size), size.positions)
    x = model.graph.op("Add", "embeddings.add_types", words, kinds)
    x = model.graph.op("Add", "embeddings.add_positions", x, places)
    return model.layer_norm("embeddings.norm", x, EPSILON), mask


def _positions(model: CalibratedTransformer, ids: Traced, size: BertSize) -> Traced:
    if not model.is_symbolic:
        return model.graph.integers("positions", [range(ids.values.shape[1])])
    every = model.graph.integers("positions.all", [range(size.positions)])
    end = model.unsqueeze("positions.end", model.extent("positions.count", ids, 1), 0)
    start = model.graph.integers("positions.start", [0])
    axes = model.graph.integers("positions.axes", [1])
    return model.graph.op("Slice", "positions", every, start, end, axes)


def _additive_mask(model: CalibratedTransformer, used: Traced) -> Traced:
    """Zero for tokens that are used, the lowest number for the others; [batch, 1, 1, tokens]."""
    x = model.unsqueeze("mask.rows", model.unsqueeze("mask.heads", used, 1), 2)
    x = model.graph.op("Cast", "mask.cast", x, to=1)
    x = model.graph.op("Sub", "mask.inverse", model.graph.scalar("mask.one", 1), x)
    return model.graph.op("Mul", "mask", x, model.graph.scalar("mask.lowest", MASKED))


def _layer(
    model: CalibratedTransformer, name: str, x: Traced, mask: Traced, size: BertSize
) -> Traced:
    attended = _attention(model, f"{name}.attention", x, mask, size)
    x = _add_and_norm(model, f"{name}.attention.output", attended, x)
    hidden = model.linear(f"{name}.intermediate", x, size.hidden)
    hidden = model.erf_gelu(f"{name}.gelu", hidden)
    return _add_and_norm(model, f"{name}.output", hidden, x)


def _add_and_norm(model: CalibratedTransformer, name: str, branch: Traced, x: Traced) -> Traced:
    branch = model.linear(f"{name}.dense", branch, x.features, model.residual_gain(x))
    total = model.graph.op("Add", f"{name}.add", branch, x)
    return model.layer_norm(f"{name}.norm", total, EPSILON)


def _attention(
    model: CalibratedTransformer, name: str, x: Traced, mask: Traced, size: BertSize
) -> Traced:
    def projected(part: str, perm: list[int]) -> Traced:
        whole = model.linear(f"{name}.{part}", x, size.width)
        return model.split_heads(f"{name}.{part}.transposed", whole, size.heads, perm)

    query = projected("query", [0, 2, 1, 3])
    key = projected("key", [0, 2, 3, 1])
    value = projected("value", [0, 2, 1, 3])
    scores = model.graph.op("MatMul", f"{name}.scores", query, key)
    root = model.graph.scalar(f"{name}.root", float(np.sqrt(size.width // size.heads)))
    scores = model.graph.op("Div", f"{name}.scaled", scores, root)
    scores = model.graph.op("Add", f"{name}.masked", scores, mask)
    weights = model.softmax(f"{name}.softmax", scores)
    context = model.graph.op("MatMul", f"{name}.context", weights, value)
    return model.join_heads(f"{name}.joined", context)
