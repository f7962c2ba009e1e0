"""Real handwritten digits in the size that LeNet-5 expects.

The source is scikit-learn's `load_digits`: 1,797 digits of 8x8 pixels with
values from 0 to 16, which come with the package and need no download.
"""

from dataclasses import dataclass

import numpy as np

SOURCE_SIZE = 8
SOURCE_MAXIMUM = 16
CANVAS_SIZE = 28
# Pixels of the canvas that the 8x8 source is enlarged to; the rest is margin.
DIGIT_SIZE = 24
HELD_OUT_FRACTION = 0.2

LARGEST_ROTATION = np.deg2rad(12)
LARGEST_SCALING = 0.15
LARGEST_SHEAR = 0.15
LARGEST_SHIFT = 2.0  # pixels of the canvas


@dataclass(frozen=True)
class Digits:
    """Images [N, 8, 8] as scikit-learn gives them, and what they show."""

    sources: np.ndarray
    labels: np.ndarray


def load_split(seed: int) -> tuple[Digits, Digits]:
    """Returns the digits to train with and the ones held out, class by class in proportion."""
    # Here, since every other model does without scikit-learn.
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    train_images, held_out_images, train_labels, held_out_labels = train_test_split(
        data.images.astype(np.float32),
        data.target.astype(np.int64),
        test_size=HELD_OUT_FRACTION,
        stratify=data.target,
        random_state=seed,
    )
    return Digits(train_images, train_labels), Digits(held_out_images, held_out_labels)


def render(sources: np.ndarray) -> np.ndarray:
    """Enlarges the digits, undistorted, to bytes [N, 1, 28, 28]."""
    count = len(sources)
    identity = np.broadcast_to(np.eye(2, dtype=np.float32), (count, 2, 2))
    return _render(sources, identity, np.zeros((count, 2), np.float32))


def render_distorted(sources: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Like `render`, but turns, scales, shears and shifts each digit at random."""
    count = len(sources)
    shift = random.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, (count, 2)).astype(np.float32)
    return _render(sources, _random_distortions(count, random), shift)


def normalise(images: np.ndarray) -> np.ndarray:
    """Bytes to the network's input: a single float32 division, easily repeated in any language."""
    return images.astype(np.float32) / np.float32(255)


def _random_distortions(count: int, random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(-LARGEST_ROTATION, LARGEST_ROTATION, count)
    scale = random.uniform(1 - LARGEST_SCALING, 1 + LARGEST_SCALING, (count, 2))
    shear = random.uniform(-LARGEST_SHEAR, LARGEST_SHEAR, count)
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(count, 2, 2)
    stretch = np.zeros((count, 2, 2))
    stretch[:, 0, 0], stretch[:, 1, 1] = scale[:, 0], scale[:, 1]
    stretch[:, 1, 0] = shear
    return (rotation @ stretch).astype(np.float32)


def _render(sources: np.ndarray, distortion: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Enlarges and distorts in one resampling, so that nothing is blurred twice.

    `distortion` [N, 2, 2] leads from offsets on the canvas, taken from its
    centre and less `shift` [N, 2], to offsets in the enlarged source.
    The result is rounded to bytes, since the held-out digits are stored that
    way and the network should be trained on what it will be tested on.
    """
    axis = np.arange(CANVAS_SIZE, dtype=np.float32) - np.float32((CANVAS_SIZE - 1) / 2)
    canvas = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(1, -1, 2)
    offsets = (canvas - shift[:, None]) @ distortion.transpose(0, 2, 1)
    positions = offsets * np.float32(SOURCE_SIZE / DIGIT_SIZE) + np.float32((SOURCE_SIZE - 1) / 2)
    values = _sample_bilinearly(sources, positions)
    quantised = np.rint(values * np.float32(255 / SOURCE_MAXIMUM)).astype(np.uint8)
    return quantised.reshape(len(sources), 1, CANVAS_SIZE, CANVAS_SIZE)


def _sample_bilinearly(sources: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Values of `sources` [N, H, W] at `positions` [N, P, 2] (row, column); zero outside."""
    margin = 1
    framed = np.pad(sources, ((0, 0), (margin, margin), (margin, margin)))
    last = framed.shape[1] - 1
    framed_positions = np.clip(positions + margin, 0, last)
    corner = np.minimum(framed_positions.astype(np.int64), last - 1)
    weight = framed_positions - corner.astype(np.float32)
    image = np.arange(len(sources))[:, None]
    row, column = corner[..., 0], corner[..., 1]
    down, right = weight[..., 0], weight[..., 1]
    top = framed[image, row, column] * (1 - right) + framed[image, row, column + 1] * right
    bottom = (
        framed[image, row + 1, column] * (1 - right) + framed[image, row + 1, column + 1] * right
    )
    return top * (1 - down) + bottom * down
