"""Trainable layers in plain numpy, float32: just what LeNet-5 needs.

A framework would weigh hundreds of megabytes to train a network of 44,000
parameters for half a minute.
"""

from collections.abc import Collection
from typing import Protocol

import numpy as np

from . import numpy_ops


class Layer(Protocol):
    """Forward and backward pass; `backward` relies on the `forward` before it.

    `parameters` and `gradients` correspond one to one.
    """

    parameters: list[np.ndarray]
    gradients: list[np.ndarray]

    def forward(self, x: np.ndarray) -> np.ndarray: ...

    def backward(self, gradient: np.ndarray) -> np.ndarray: ...


class _WithoutParameters:
    def __init__(self) -> None:
        self.parameters: list[np.ndarray] = []
        self.gradients: list[np.ndarray] = []


class _WithWeightAndBias:
    def __init__(self, weight_shape: tuple[int, ...], random: np.random.Generator) -> None:
        deviation = np.float32(np.sqrt(2 / np.prod(weight_shape[1:])))
        self.weight = deviation * random.standard_normal(weight_shape, dtype=np.float32)
        self.bias = np.zeros(weight_shape[0], np.float32)
        self.parameters = [self.weight, self.bias]
        self.gradients = [np.zeros_like(self.weight), np.zeros_like(self.bias)]


class Convolution(_WithWeightAndBias):
    """Square kernel, stride one, no padding."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, random: np.random.Generator
    ) -> None:
        super().__init__((out_channels, in_channels, kernel, kernel), random)

    def forward(self, x: np.ndarray) -> np.ndarray:
        kernel = self.weight.shape[2]
        self._input_shape = x.shape
        self._columns = numpy_ops.image_to_columns(x, kernel)
        product = self._flat_weight() @ self._columns + self.bias[:, None]
        height, width = x.shape[2] - kernel + 1, x.shape[3] - kernel + 1
        return product.reshape(len(x), len(self.bias), height, width)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        flat = gradient.reshape(*gradient.shape[:2], -1)
        weight_gradient = (flat @ self._columns.transpose(0, 2, 1)).sum(axis=0)
        self.gradients[0][...] = weight_gradient.reshape(self.weight.shape)
        self.gradients[1][...] = flat.sum(axis=(0, 2))
        return self._columns_to_image(self._flat_weight().T @ flat, gradient.shape[2:])

    def _flat_weight(self) -> np.ndarray:
        return self.weight.reshape(len(self.weight), -1)

    def _columns_to_image(self, columns: np.ndarray, out_size: tuple[int, ...]) -> np.ndarray:
        """Adds every column back to the window that `image_to_columns` took it from."""
        batch, channels = self._input_shape[:2]
        kernel = self.weight.shape[2]
        height, width = out_size
        windows = columns.reshape(batch, channels, kernel, kernel, height, width)
        image = np.zeros(self._input_shape, np.float32)
        for row in range(kernel):
            for column in range(kernel):
                target = image[:, :, row : row + height, column : column + width]
                target += windows[:, :, row, column]
        return image


class Dense(_WithWeightAndBias):
    def __init__(self, in_features: int, out_features: int, random: np.random.Generator) -> None:
        super().__init__((out_features, in_features), random)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self._input = x
        return x @ self.weight.T + self.bias

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.gradients[0][...] = gradient.T @ self._input
        self.gradients[1][...] = gradient.sum(axis=0)
        return gradient @ self.weight


class Relu(_WithoutParameters):
    def forward(self, x: np.ndarray) -> np.ndarray:
        self._positive = x > 0
        return x * self._positive

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient * self._positive


class HalvingMaxPool(_WithoutParameters):
    """Kernel and stride two, on images of even size."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        batch, channels, height, width = x.shape
        blocks = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
        highest = blocks.max(axis=(3, 5), keepdims=True)
        is_highest = (blocks == highest).astype(np.float32)
        # Blank paper gives blocks of equal pixels, which share the gradient.
        self._shares = is_highest / is_highest.sum(axis=(3, 5), keepdims=True)
        return highest[:, :, :, 0, :, 0]

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        batch, channels, height, width = gradient.shape
        spread = self._shares * gradient[:, :, :, None, :, None]
        return spread.reshape(batch, channels, height * 2, width * 2)


class Flatten(_WithoutParameters):
    def forward(self, x: np.ndarray) -> np.ndarray:
        self._input_shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient.reshape(self._input_shape)


class Adam:
    """The optimiser of Kingma and Ba with its usual constants."""

    MEAN_DECAY = 0.9
    SQUARE_DECAY = 0.999
    EPSILON = 1e-8

    def __init__(self, layers: Collection[Layer]) -> None:
        self._parameters = [p for layer in layers for p in layer.parameters]
        self._gradients = [g for layer in layers for g in layer.gradients]
        self._means = [np.zeros_like(p) for p in self._parameters]
        self._squares = [np.zeros_like(p) for p in self._parameters]
        self._steps = 0

    def step(self, learning_rate: float) -> None:
        self._steps += 1
        mean_correction = 1 - self.MEAN_DECAY**self._steps
        square_correction = 1 - self.SQUARE_DECAY**self._steps
        for parameter, gradient, mean, square in zip(
            self._parameters, self._gradients, self._means, self._squares, strict=True
        ):
            mean += (1 - self.MEAN_DECAY) * (gradient - mean)
            square += (1 - self.SQUARE_DECAY) * (gradient * gradient - square)
            root = np.sqrt(square / square_correction) + self.EPSILON
            parameter -= learning_rate * (mean / mean_correction) / root


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean loss over the batch, and its gradient with respect to `logits`."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    example = np.arange(len(labels))
    loss = np.mean(np.log(sums[:, 0]) - shifted[example, labels])
    gradient = exponentials / sums
    gradient[example, labels] -= 1
    return float(loss), gradient / np.float32(len(labels))
