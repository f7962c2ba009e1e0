"""Writes inputs and outputs beside a model, laid out as in the ONNX model zoo."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import numpy_helper

Tensors = Mapping[str, np.ndarray]


def write(folder: Path, inputs: Tensors, outputs: Tensors) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for index, (name, values) in enumerate(tensors.items()):
            message = numpy_helper.from_array(np.asarray(values, order="C"), name)
            (folder / f"{kind}_{index}.pb").write_bytes(message.SerializeToString())
