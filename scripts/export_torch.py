#!/usr/bin/env python3
"""Exports networks of torch and torchvision, by both of PyTorch's exporters, beside test data.

Weights are random, so nothing is downloaded. What comes out shows the patterns
that users' models really have; the tests do not need it. Packages:

    pip install torch torchvision onnx onnxscript numpy
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import torchvision
from models import test_data
from models.quality import require_useful_output

INPUT, OUTPUT = "input", "output"
IMAGE_SHAPE = (3, 224, 224)
EXAMPLES = 2  # a symbolic batch must not be exported from a batch of one
CALIBRATION_IMAGES = 4
EXPORTERS = ("tracing", "dynamo")
DEFAULT_SEED = 2024


@dataclass(frozen=True)
class Network:
    make: Callable[[], torch.nn.Module]
    shape: tuple[int, ...]  # of one example


def encoder() -> torch.nn.Module:
    layer = torch.nn.TransformerEncoderLayer(
        d_model=256, nhead=8, dim_feedforward=1024, activation="gelu", batch_first=True
    )
    return torch.nn.TransformerEncoder(layer, num_layers=4)


NETWORKS = {
    "encoder": Network(encoder, (64, 256)),
    "resnet18": Network(torchvision.models.resnet18, IMAGE_SHAPE),
    "mobilenet_v3": Network(torchvision.models.mobilenet_v3_small, IMAGE_SHAPE),
    "efficientnet_b0": Network(torchvision.models.efficientnet_b0, IMAGE_SHAPE),
    "convnext_tiny": Network(torchvision.models.convnext_tiny, IMAGE_SHAPE),
    "vit_b_16": Network(torchvision.models.vit_b_16, IMAGE_SHAPE),
}


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="+", choices=[*NETWORKS, "all"], metavar="NETWORK",
                        help=f"{', '.join(NETWORKS)}, or 'all'")  # fmt: skip
    parser.add_argument("--output", type=Path, required=True, help="folder to write into")
    parser.add_argument("--exporter", choices=EXPORTERS, nargs="+", default=EXPORTERS)
    parser.add_argument("--opset", type=int, default=18)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    return parser.parse_args(arguments)


def calibrated(network: Network, seed: int) -> torch.nn.Module:
    """The network in its inference mode, its batch normalisations fitted to random images."""
    torch.manual_seed(seed)
    model = network.make()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # plain averages, from the first batch on
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.train()
    with torch.no_grad():
        model(torch.randn(CALIBRATION_IMAGES, *network.shape))
    _widen_head(model)
    return model.eval()


def _widen_head(model: torch.nn.Module) -> None:
    """Some networks start with a last layer near or at zero, whose output would show nothing."""
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        layers[-1].weight.normal_(0, layers[-1].in_features ** -0.5)


def export(model: torch.nn.Module, x: torch.Tensor, path: Path, exporter: str, opset: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    dynamo = exporter == "dynamo"
    names = {"input_names": [INPUT], "output_names": [OUTPUT]}
    if dynamo:
        names["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
    else:
        names["dynamic_axes"] = {INPUT: {0: "batch"}, OUTPUT: {0: "batch"}}
    torch.onnx.export(model, (x,), str(path), opset_version=opset, dynamo=dynamo,
                      external_data=False, **names)  # fmt: skip
    onnx.checker.check_model(str(path))


def write_test_data(model: torch.nn.Module, x: torch.Tensor, folder: Path) -> None:
    with torch.no_grad():
        reference = model(x).numpy()
    require_useful_output(reference)
    test_data.write(folder, {INPUT: x.numpy()}, {OUTPUT: np.asarray(reference)})


def main() -> int:
    arguments = parse_arguments()
    names = list(NETWORKS) if "all" in arguments.networks else arguments.networks
    for name in names:
        network = NETWORKS[name]
        model, x = calibrated(network, arguments.seed), torch.randn(EXAMPLES, *network.shape)
        for exporter in arguments.exporter:
            folder = arguments.output / f"{name}_{exporter}_op{arguments.opset}"
            export(model, x, folder / "model.onnx", exporter, arguments.opset)
            write_test_data(model, x, folder / "test_data_set_0")
            print(f"{name}: wrote {folder}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
