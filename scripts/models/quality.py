"""What the outputs of a model must be like for a comparison of them to mean anything."""

import numpy as np

from .options import ModelQualityError

SMALLEST_USEFUL_OUTPUT = 1e-2
FEWEST_DISTINCT_OUTPUTS = 10


def require_useful_output(values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise ModelQualityError("an output is infinite or not a number")
    if np.abs(values).max() <= SMALLEST_USEFUL_OUTPUT:
        raise ModelQualityError(f"no output exceeds {SMALLEST_USEFUL_OUTPUT}")
    if len(np.unique(values[0])) <= FEWEST_DISTINCT_OUTPUTS:
        raise ModelQualityError(f"not even {FEWEST_DISTINCT_OUTPUTS + 1} outputs differ")
