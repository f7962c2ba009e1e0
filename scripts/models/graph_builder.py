"""A thin layer over onnx.helper that collects nodes and weights by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Readable by every ONNX release since 1.10; newer numbers would only shut
# out older tools, as no model here uses anything newer.
IR_VERSION = 8

Shape = Sequence[int | str]


class GraphBuilder:
    """Builds one ONNX graph, node after node.

    The output of a node carries the node's name, as long as there is only one:
    error messages and profiles of the engine then lead straight back to the
    line that made the node.
    """

    def __init__(self, graph_name: str, opset: int) -> None:
        self._graph_name = graph_name
        self._opset = opset
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Shape, element_type: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, element_type, shape))
        return name

    def output(self, name: str, shape: Shape) -> None:
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def weight(self, name: str, values: np.ndarray) -> str:
        self._initializers.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def node(self, op_type: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        self.add(helper.make_node(op_type, inputs, [name], name=name, **attributes))
        return name

    def add(self, node: onnx.NodeProto) -> None:
        self._nodes.append(node)

    def save(self, path: Path) -> None:
        """Writes the model, and has the file itself checked, not the object in memory."""
        graph = helper.make_graph(
            self._nodes, self._graph_name, self._inputs, self._outputs, self._initializers
        )
        model = helper.make_model(
            graph,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", self._opset)],
            producer_name="mini-infer make_models",
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
        onnx.checker.check_model(str(path), full_check=True)
