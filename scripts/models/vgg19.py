"""VGG-19 without batch normalisation, with its three fully connected layers."""

from pathlib import Path

from .calibrated_network import CLASSES, CalibratedNetwork
from .options import BuildOptions

# (convolutions, channels); each stage ends by halving the image.
STAGES = [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)]
HIDDEN_FEATURES = 4096


def build(output: Path, options: BuildOptions) -> Path:
    network = CalibratedNetwork("vgg19", options)
    x = network.input()
    for stage, (convolutions, channels) in enumerate(STAGES, start=1):
        for index in range(1, convolutions + 1):
            x = network.convolution_with_bias(f"conv{stage}_{index}", x, channels, kernel=3)
            x = network.relu(f"relu{stage}_{index}", x)
        x = network.max_pool(f"pool{stage}", x, kernel=2, stride=2)
    x = network.flatten("flatten", x)
    for layer in ("6", "7"):
        x = network.dense(f"fc{layer}", x, HIDDEN_FEATURES)
        x = network.relu(f"relu{layer}", x)
    return network.save(network.dense("output", x, CLASSES), output)
