"""Whether two engines agree, and whether their agreement means anything."""

import numpy as np

from .gates import FEWEST_DISTINCT_VALUES, LARGEST_RELATIVE_DIFFERENCE, SMALLEST_USEFUL_OUTPUT

Tensors = dict[str, np.ndarray]


class OutputsDisagree(Exception):
    """Figures of the two sides would compare different work."""


def largest_difference(ours: Tensors, theirs: Tensors) -> float:
    """max|difference| / max|reference| over all outputs, if they pass."""
    if ours.keys() != theirs.keys():
        raise OutputsDisagree(f"outputs {sorted(ours)} against {sorted(theirs)}")
    return max(_compare(name, ours[name], theirs[name]) for name in theirs)


def _compare(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    if ours.shape != theirs.shape:
        raise OutputsDisagree(f"{name} has shape {ours.shape} against {theirs.shape}")
    _require_meaning(name, theirs)
    largest = np.abs(theirs).max()
    relative = float(np.abs(ours.astype(np.float64) - theirs).max() / largest)
    if not relative <= LARGEST_RELATIVE_DIFFERENCE:  # a NaN fails, too
        raise OutputsDisagree(f"{name} differs by {relative:.2e} of its largest value")
    return relative


def _require_meaning(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise OutputsDisagree(f"{name} has values that are not finite")
    if np.abs(values).max() <= SMALLEST_USEFUL_OUTPUT:
        raise OutputsDisagree(f"{name} has no value beyond {SMALLEST_USEFUL_OUTPUT}")
    # PP-OCR's direction has two probabilities, so a small output may have fewer.
    if len(np.unique(values)) <= min(FEWEST_DISTINCT_VALUES, values.size - 1):
        raise OutputsDisagree(f"{name} has {len(np.unique(values))} distinct values")
