"""A model of many nodes, none of which fusion removes, to time planning with."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, save

from .sides import Job

SHAPE = [1, 64]
REACH = 8  # steps a value stays alive until it is added


def write(folder: Path, nodes: int) -> Job:
    names = ["x"]
    protos = []
    for index in range(nodes // 2):
        protos.append(helper.make_node("Tanh", [names[-1]], [f"tanh_{index}"]))
        earlier = names[max(0, len(names) - REACH)]
        protos.append(helper.make_node("Add", [f"tanh_{index}", earlier], [f"add_{index}"]))
        names.append(f"add_{index}")
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, SHAPE) for n in ("x", names[-1]))
    graph = helper.make_graph(protos, "long", [x], [y])
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    save(model, folder / "long.onnx")
    np.savez(folder / "long.npz", x=np.ones(SHAPE, np.float32))
    return Job(folder / "long.onnx", folder / "long.npz", 1, folder)
