"""MobileNetV2 of width 1.0: inverted residual blocks around depthwise convolutions."""

from pathlib import Path

from .calibrated_network import CLASSES, Activation, CalibratedNetwork
from .options import BuildOptions

# (expansion, output channels, blocks, stride of the first block)
STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
# See resnet50.py.
RESIDUAL_GAIN = 0.5


def build(output: Path, options: BuildOptions) -> Path:
    network = CalibratedNetwork("mobilenet_v2", options)
    x = _convolution_relu6(network, "features.0", network.input(), STEM_CHANNELS, 3, stride=2)
    index = 1
    for expansion, channels, blocks, stride in STAGES:
        for block in range(blocks):
            block_stride = stride if block == 0 else 1
            x = _inverted_residual(
                network, f"features.{index}", x, expansion, channels, block_stride
            )
            index += 1
    x = _convolution_relu6(network, f"features.{index}", x, HEAD_CHANNELS, 1)
    x = network.global_average_pool("avgpool", x)
    x = network.flatten("flatten", x)
    return network.save(network.dense("output", x, CLASSES), output)


def _inverted_residual(
    network: CalibratedNetwork,
    name: str,
    x: Activation,
    expansion: int,
    out_channels: int,
    stride: int,
) -> Activation:
    is_residual = stride == 1 and x.channels == out_channels
    branch = x
    if expansion != 1:
        branch = _convolution_relu6(network, f"{name}.expand", x, x.channels * expansion, 1)
    branch = _convolution_relu6(
        network, f"{name}.depthwise", branch, branch.channels, 3, stride, depthwise=True
    )
    branch = network.convolution_batch_norm(
        f"{name}.project", branch, out_channels, 1, gain=RESIDUAL_GAIN if is_residual else 1.0
    )
    return network.add(f"{name}.add", x, branch) if is_residual else branch


def _convolution_relu6(
    network: CalibratedNetwork,
    name: str,
    x: Activation,
    out_channels: int,
    kernel: int,
    stride: int = 1,
    depthwise: bool = False,
) -> Activation:
    result = network.convolution_batch_norm(name, x, out_channels, kernel, stride, depthwise)
    return network.relu6(f"{name}.relu6", result)
