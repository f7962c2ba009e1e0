"""Forward passes of the operators, in numpy, on arrays in NCHW order."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pad_spatially(x: np.ndarray, padding: int, fill: float = 0.0) -> np.ndarray:
    if padding == 0:
        return x
    border = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return np.pad(x, border, constant_values=np.float32(fill))


def _windows(x: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """A view [N, C, OH, OW, kernel, kernel] of every window of `x`."""
    return sliding_window_view(x, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]


def image_to_columns(x: np.ndarray, kernel: int, stride: int = 1) -> np.ndarray:
    """Copies every window into a column, [N, C*kernel*kernel, OH*OW].

    The rows follow the order of a flattened convolution weight, so that the
    convolution becomes one matrix product.
    """
    windows = _windows(x, kernel, stride)
    batch, channels, height, width = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3)
    return columns.reshape(batch, channels * kernel * kernel, height * width)


def convolution(x: np.ndarray, weight: np.ndarray, stride: int = 1, padding: int = 0) -> np.ndarray:
    """Ungrouped convolution with a square kernel, without bias."""
    out_channels, _, kernel, _ = weight.shape
    padded = pad_spatially(x, padding)
    columns = image_to_columns(padded, kernel, stride)
    height = (padded.shape[2] - kernel) // stride + 1
    width = (padded.shape[3] - kernel) // stride + 1
    product = weight.reshape(out_channels, -1) @ columns
    return product.reshape(len(x), out_channels, height, width)


def depthwise_convolution(
    x: np.ndarray, weight: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Convolution with one filter [C, 1, kernel, kernel] per channel, without bias."""
    windows = _windows(pad_spatially(x, padding), weight.shape[2], stride)
    return np.einsum("nchwij,cij->nchw", windows, weight[:, 0])


def max_pool(x: np.ndarray, kernel: int, stride: int, padding: int = 0) -> np.ndarray:
    return _windows(pad_spatially(x, padding, -np.inf), kernel, stride).max(axis=(4, 5))


def per_channel(values: np.ndarray) -> np.ndarray:
    """Shapes a vector over the channels so that it broadcasts against NCHW."""
    return values.reshape(1, -1, 1, 1)
