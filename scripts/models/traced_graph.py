"""Builds a graph and evaluates every node, on example inputs, the moment it is added."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from . import test_data
from .graph_builder import GraphBuilder, Shape
from .quality import require_useful_output


@dataclass(frozen=True)
class Traced:
    """A value of the graph, and what it holds for the example inputs."""

    name: str
    values: np.ndarray

    @property
    def features(self) -> int:
        return self.values.shape[-1]


class TracedGraph:
    """A graph whose weights can be chosen by what they make of the example inputs.

    The evaluator is the ONNX project's own, so that the outputs it ends with
    are a reference to test other engines against.
    """

    def __init__(self, name: str, opset: int) -> None:
        self.name = name
        self.opset = opset
        self._graph = GraphBuilder(name, opset)
        self._inputs: dict[str, np.ndarray] = {}
        self._outputs: dict[str, np.ndarray] = {}

    def input(self, name: str, shape: Shape, example: np.ndarray) -> Traced:
        self._graph.input(name, shape, helper.np_dtype_to_tensor_dtype(example.dtype))
        self._inputs[name] = example
        return Traced(name, example)

    def output(self, x: Traced, shape: Shape) -> None:
        require_useful_output(x.values)
        self._graph.output(x.name, shape)
        self._outputs[x.name] = x.values

    def constant(self, name: str, values: np.ndarray) -> Traced:
        return Traced(self._graph.weight(name, values), values)

    def scalar(self, name: str, value: float) -> Traced:
        return self.constant(name, np.array(value, np.float32))

    def integers(self, name: str, values: int | Sequence[int]) -> Traced:
        return self.constant(name, np.array(values, np.int64))

    def op(self, op_type: str, name: str, *inputs: Traced, **attributes: Any) -> Traced:
        return self.multi_output_op(op_type, name, [name], *inputs, **attributes)[0]

    def multi_output_op(
        self, op_type: str, name: str, outputs: Sequence[str], *inputs: Traced, **attributes: Any
    ) -> list[Traced]:
        node = helper.make_node(op_type, [x.name for x in inputs], outputs, name=name, **attributes)
        self._graph.add(node)
        return self._evaluate(node, inputs)

    def save(self, path: Path) -> Path:
        self._graph.save(path)
        return path

    def write_test_data(self, folder: Path) -> None:
        test_data.write(folder, self._inputs, self._outputs)

    def _evaluate(self, node: onnx.NodeProto, inputs: Sequence[Traced]) -> list[Traced]:
        # The evaluator fails on a broadcast view.
        by_name = {x.name: np.asarray(x.values, order="C") for x in inputs}
        parameters = [_declare(name, values) for name, values in by_name.items()]
        results = [helper.make_empty_tensor_value_info(name) for name in node.output]
        graph = helper.make_graph([node], node.name, parameters, results)
        opsets = [helper.make_opsetid("", self.opset)]
        evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
        values = evaluator.run(None, by_name)
        return [
            Traced(name, np.asarray(array)) for name, array in zip(node.output, values, strict=True)
        ]


def _declare(name: str, values: np.ndarray) -> onnx.ValueInfoProto:
    element_type = helper.np_dtype_to_tensor_dtype(values.dtype)
    return helper.make_tensor_value_info(name, element_type, values.shape)
