"""Sorts operators of both engines into kinds of layers, so that their times can be compared."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class OperatorTime:
    nodes: int
    milliseconds: float  # per run, of all its nodes


Profile = dict[str, OperatorTime]

# The first whose word is in the operator's name, whichever case; the order matters.
KINDS = [
    ("attention", ("attention",)),
    ("convolution", ("conv",)),
    ("matrix product", ("gemm", "matmul", "linear", "einsum")),
    ("normalization", ("normalization", "layernorm", "rmsnorm")),
    ("softmax", ("softmax",)),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("pooling and reduction", ("pool", "reduce", "argmax", "argmin")),
    ("layout", ("reorder", "transpose", "layout", "tonhwc", "tonchw")),
    (
        "movement",
        (
            "reshape", "gather", "concat", "split", "slice", "expand", "unsqueeze", "squeeze",
            "flatten", "identity", "copy", "pad", "resize", "shape", "tile", "range",
        ),
    ),
]  # fmt: skip
REST = "elementwise and other"


def kind_of(operator: str) -> str:
    name = operator.lower().replace("_", "")
    return next((kind for kind, words in KINDS if any(word in name for word in words)), REST)


def by_kind(profile: Profile) -> Profile:
    parts: dict[str, list[OperatorTime]] = defaultdict(list)
    for operator, time in profile.items():
        parts[kind_of(operator)].append(time)
    return {
        kind: OperatorTime(sum(t.nodes for t in times), sum(t.milliseconds for t in times))
        for kind, times in parts.items()
    }
