"""Builds image classifiers whose random weights behave like trained ones.

Plain random weights make a deep network useless as a test: after fifty
layers the activations have exploded, or vanished until every output is the
same. Here every layer is therefore run on a few random images the moment it
is added, and the statistics of its result decide its normalisation. Depth
then neither amplifies nor damps the signal.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import numpy_ops
from .graph_builder import GraphBuilder
from .options import BuildOptions
from .quality import require_useful_output

OPSET = 17
IMAGE_SHAPE = (3, 224, 224)
CLASSES = 1000
BATCH_NORM_EPSILON = 1e-5

# Several images, since the last feature maps of a single one hold too few
# pixels for a statistic per channel.
CALIBRATION_IMAGES = 4
COARSE_PATCHES = 7  # per side of a calibration image
# Trained scales and shifts differ from channel to channel; equal ones would
# hide an engine that mixes channels up.
SCALE_SPREAD = 0.1
SHIFT_SPREAD = 0.1
# Where no normalisation follows, most units are kept on the linear side of
# their ReLU: around zero, rounding errors in VGG-19 come out three times as large.
BIAS_MEAN = 0.5


@dataclass(frozen=True)
class Activation:
    """A value of the graph, and what it holds for the calibration images."""

    name: str
    values: np.ndarray

    @property
    def channels(self) -> int:
        return self.values.shape[1]


class CalibratedNetwork:
    """Adds layers to a graph and calibrates each of them on the way."""

    def __init__(self, name: str, options: BuildOptions) -> None:
        self._name = name
        self._batch = options.batch
        self._random = np.random.default_rng(options.seed)
        self._graph = GraphBuilder(name, OPSET)

    def input(self) -> Activation:
        name = self._graph.input("input", [self._batch, *IMAGE_SHAPE])
        return Activation(name, self._calibration_images())

    def convolution_batch_norm(
        self,
        name: str,
        x: Activation,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        depthwise: bool = False,
        gain: float = 1.0,
    ) -> Activation:
        """Convolution without bias, and a BatchNormalization node of its own.

        This is what an exporter writes when asked to leave the layers as they
        were trained, and it gives the engine something to fold.
        """
        weight, result = self._convolve(x, out_channels, kernel, stride, depthwise)
        self._add_convolution(name, x, weight, None, stride)
        mean, variance = result.mean(axis=(0, 2, 3)), result.var(axis=(0, 2, 3))
        scale, shift = self._channel_scale(out_channels, gain), self._channel_shift(out_channels)
        self._add_batch_norm(name, scale, shift, mean, variance)
        factor = scale / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
        return Activation(f"{name}.bn", _scale_and_shift(result, factor, shift - mean * factor))

    def convolution_with_bias(
        self, name: str, x: Activation, out_channels: int, kernel: int
    ) -> Activation:
        """Convolution whose own weight and bias do the normalising."""
        weight, result = self._convolve(x, out_channels, kernel, stride=1, depthwise=False)
        mean, deviation = result.mean(axis=(0, 2, 3)), result.std(axis=(0, 2, 3))
        factor = self._channel_scale(out_channels) / deviation
        bias = np.float32(BIAS_MEAN) + self._channel_shift(out_channels) - mean * factor
        self._add_convolution(name, x, weight * factor.reshape(-1, 1, 1, 1), bias, stride=1)
        return Activation(name, _scale_and_shift(result, factor, bias))

    def dense(self, name: str, x: Activation, out_features: int) -> Activation:
        """Fully connected layer whose outputs have a variance of about one.

        A few images are too few for a statistic per feature, hence one factor
        for the whole layer.
        """
        weight = self._he_normal((out_features, x.channels))
        result = x.values @ weight.T
        factor = 1 / result.std()
        weight *= factor
        result *= factor
        bias = self._channel_shift(out_features)
        inputs = [
            x.name,
            self._graph.weight(f"{name}.weight", weight),
            self._graph.weight(f"{name}.bias", bias),
        ]
        self._graph.node("Gemm", name, inputs, transB=1)
        return Activation(name, result + bias)

    def relu(self, name: str, x: Activation) -> Activation:
        self._graph.node("Relu", name, [x.name])
        return Activation(name, np.maximum(x.values, 0))

    def relu6(self, name: str, x: Activation) -> Activation:
        bounds = [
            self._graph.weight(f"{name}.min", np.array(0, np.float32)),
            self._graph.weight(f"{name}.max", np.array(6, np.float32)),
        ]
        self._graph.node("Clip", name, [x.name, *bounds])
        return Activation(name, np.clip(x.values, 0, 6))

    def add(self, name: str, left: Activation, right: Activation) -> Activation:
        self._graph.node("Add", name, [left.name, right.name])
        return Activation(name, left.values + right.values)

    def max_pool(
        self, name: str, x: Activation, kernel: int, stride: int, padding: int = 0
    ) -> Activation:
        self._graph.node(
            "MaxPool",
            name,
            [x.name],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[padding] * 4,
        )
        return Activation(name, numpy_ops.max_pool(x.values, kernel, stride, padding))

    def global_average_pool(self, name: str, x: Activation) -> Activation:
        self._graph.node("GlobalAveragePool", name, [x.name])
        return Activation(name, x.values.mean(axis=(2, 3), keepdims=True))

    def flatten(self, name: str, x: Activation) -> Activation:
        self._graph.node("Flatten", name, [x.name], axis=1)
        return Activation(name, x.values.reshape(len(x.values), -1))

    def save(self, output: Activation, folder: Path) -> Path:
        """Checks that `output` is worth testing against, and writes the model."""
        require_useful_output(output.values)
        print(
            f"{self._name}: calibrated outputs from {output.values.min():.2f} to "
            f"{output.values.max():.2f}, standard deviation {output.values.std():.2f}",
            flush=True,
        )
        self._graph.output(output.name, [self._batch, CLASSES])
        path = folder / f"{self._name}.onnx"
        self._graph.save(path)
        return path

    def _calibration_images(self) -> np.ndarray:
        """Coarse patches under fine noise, with a variance of one.

        Noise alone looks the same everywhere, and a network calibrated on it
        overreacts to anything else, such as an evenly coloured image.
        """
        fine = self._normal((CALIBRATION_IMAGES, *IMAGE_SHAPE))
        channels, size, _ = IMAGE_SHAPE
        patches = self._normal((CALIBRATION_IMAGES, channels, COARSE_PATCHES, COARSE_PATCHES))
        coarse = np.kron(patches, np.ones((1, 1, size // COARSE_PATCHES, size // COARSE_PATCHES)))
        return ((fine + coarse) / np.sqrt(2)).astype(np.float32)

    def _convolve(
        self, x: Activation, out_channels: int, kernel: int, stride: int, depthwise: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws a weight; returns it and its convolution with `x`."""
        in_channels_per_filter = 1 if depthwise else x.channels
        weight = self._he_normal((out_channels, in_channels_per_filter, kernel, kernel))
        convolve = numpy_ops.depthwise_convolution if depthwise else numpy_ops.convolution
        return weight, convolve(x.values, weight, stride, _same_padding(kernel))

    def _add_convolution(
        self, name: str, x: Activation, weight: np.ndarray, bias: np.ndarray | None, stride: int
    ) -> None:
        kernel = weight.shape[2]
        inputs = [x.name, self._graph.weight(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self._graph.weight(f"{name}.bias", bias))
        self._graph.node(
            "Conv",
            name,
            inputs,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[_same_padding(kernel)] * 4,
            dilations=[1, 1],
            group=x.channels // weight.shape[1],
        )

    def _add_batch_norm(
        self,
        convolution: str,
        scale: np.ndarray,
        shift: np.ndarray,
        mean: np.ndarray,
        variance: np.ndarray,
    ) -> None:
        name = f"{convolution}.bn"
        inputs = [
            convolution,
            self._graph.weight(f"{name}.weight", scale),
            self._graph.weight(f"{name}.bias", shift),
            self._graph.weight(f"{name}.running_mean", mean),
            self._graph.weight(f"{name}.running_var", variance),
        ]
        self._graph.node(
            "BatchNormalization", name, inputs, epsilon=BATCH_NORM_EPSILON, momentum=0.9
        )

    def _normal(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._random.standard_normal(shape, dtype=np.float32)

    def _he_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        weight = self._normal(shape)
        weight *= np.float32(np.sqrt(2 / np.prod(shape[1:])))
        return weight

    def _channel_scale(self, channels: int, gain: float = 1.0) -> np.ndarray:
        return np.float32(gain) * (1 + np.float32(SCALE_SPREAD) * self._normal((channels,)))

    def _channel_shift(self, channels: int) -> np.ndarray:
        return np.float32(SHIFT_SPREAD) * self._normal((channels,))


def _same_padding(kernel: int) -> int:
    """Padding that keeps the image's size at stride one, as all these networks do."""
    return kernel // 2


def _scale_and_shift(x: np.ndarray, factor: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Works in place: `x` is a fresh result, and the largest ones fill 50 MB."""
    x *= numpy_ops.per_channel(factor)
    x += numpy_ops.per_channel(shift)
    return x
