"""ResNet-50 version 1.5: a block halves the image in its 3x3 convolution."""

from pathlib import Path

from .calibrated_network import CLASSES, Activation, CalibratedNetwork
from .options import BuildOptions

# (blocks, channels inside a block, stride of the first block)
STAGES = [(3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2)]
EXPANSION = 4
# Below one, so that a block refines its input rather than replaces it; as in
# trained networks, this keeps rounding errors from growing through the depth.
RESIDUAL_GAIN = 0.5


def build(output: Path, options: BuildOptions) -> Path:
    network = CalibratedNetwork("resnet50", options)
    x = _stem(network, network.input())
    for stage, (blocks, channels, stride) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            x = _bottleneck(network, name, x, channels, stride if block == 0 else 1)
    x = network.global_average_pool("avgpool", x)
    x = network.flatten("flatten", x)
    return network.save(network.dense("output", x, CLASSES), output)


def _stem(network: CalibratedNetwork, image: Activation) -> Activation:
    x = network.convolution_batch_norm("conv1", image, 64, kernel=7, stride=2)
    x = network.relu("relu", x)
    return network.max_pool("maxpool", x, kernel=3, stride=2, padding=1)


def _bottleneck(
    network: CalibratedNetwork, name: str, x: Activation, channels: int, stride: int
) -> Activation:
    out_channels = channels * EXPANSION
    branch = network.convolution_batch_norm(f"{name}.conv1", x, channels, kernel=1)
    branch = network.relu(f"{name}.relu1", branch)
    branch = network.convolution_batch_norm(f"{name}.conv2", branch, channels, 3, stride)
    branch = network.relu(f"{name}.relu2", branch)
    branch = network.convolution_batch_norm(
        f"{name}.conv3", branch, out_channels, kernel=1, gain=RESIDUAL_GAIN
    )
    shortcut = x
    if stride != 1 or x.channels != out_channels:
        shortcut = network.convolution_batch_norm(f"{name}.downsample", x, out_channels, 1, stride)
    return network.relu(f"{name}.relu3", network.add(f"{name}.add", branch, shortcut))
