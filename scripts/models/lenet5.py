"""LeNet-5, trained on real handwritten digits, with the digits to test it on.

Its convolutions do without padding, so that the feature maps take the sizes
of the original network: 28 -> 24 -> 12 -> 8 -> 4.
"""

from pathlib import Path

import numpy as np

from . import digits, test_data
from .graph_builder import GraphBuilder, Shape
from .numpy_layers import (
    Adam,
    Convolution,
    Dense,
    Flatten,
    HalvingMaxPool,
    Layer,
    Relu,
    cross_entropy,
)
from .options import BuildOptions, ModelQualityError

OPSET = 13
BATCH_DIMENSION = "N"
INPUT_NAME = "image"
OUTPUT_NAME = "logits"
CLASSES = 10
REQUIRED_ACCURACY = 0.98

EPOCHS = 40
EPOCHS_PER_REPORT = 10
MINIBATCH = 32
LEARNING_RATE = 2e-3

# In the order of execution; the names become those of the ONNX nodes.
Layers = dict[str, Layer]


def build(output: Path, options: BuildOptions) -> Path:
    """Trains the network; writes model, test data and held-out digits to `output`/lenet5."""
    random = np.random.default_rng(options.seed)
    train_set, held_out = digits.load_split(options.seed)
    layers = _create_layers(random)
    _train(layers, train_set, random)

    images = digits.render(held_out.sources)
    accuracy = _accuracy(layers, images, held_out.labels)
    print(f"lenet5: held-out accuracy {accuracy:.4%} of {len(images)} digits", flush=True)
    if accuracy < REQUIRED_ACCURACY:
        raise ModelQualityError(f"accuracy {accuracy:.2%} is below {REQUIRED_ACCURACY:.0%}")

    folder = output / "lenet5"
    model_path = folder / "model.onnx"
    _export(layers, model_path)
    _write_test_data(layers, images, held_out.labels, folder / "test_data_set_0")
    np.save(folder / "heldout_images.npy", images)
    np.save(folder / "heldout_labels.npy", held_out.labels)
    return model_path


def _create_layers(random: np.random.Generator) -> Layers:
    return {
        "conv1": Convolution(1, 6, 5, random),
        "relu1": Relu(),
        "pool1": HalvingMaxPool(),
        "conv2": Convolution(6, 16, 5, random),
        "relu2": Relu(),
        "pool2": HalvingMaxPool(),
        "flatten": Flatten(),
        "fc3": Dense(16 * 4 * 4, 120, random),
        "relu3": Relu(),
        "fc4": Dense(120, 84, random),
        "relu4": Relu(),
        OUTPUT_NAME: Dense(84, CLASSES, random),
    }


def _train(layers: Layers, train_set: digits.Digits, random: np.random.Generator) -> None:
    """Shows freshly distorted digits in every epoch, at a rate falling to zero.

    The number of epochs is fixed and nothing here sees the held-out digits, so
    that their accuracy stays an honest measure.
    """
    optimiser = Adam(layers.values())
    count = len(train_set.labels)
    for epoch in range(EPOCHS):
        learning_rate = LEARNING_RATE * (1 + np.cos(np.pi * epoch / EPOCHS)) / 2
        images = digits.render_distorted(train_set.sources, random)
        order = random.permutation(count)
        losses = []
        for start in range(0, count, MINIBATCH):
            chosen = order[start : start + MINIBATCH]
            batch = digits.normalise(images[chosen])
            losses.append(_train_step(layers, batch, train_set.labels[chosen]))
            optimiser.step(learning_rate)
        if (epoch + 1) % EPOCHS_PER_REPORT == 0:
            print(f"lenet5: epoch {epoch + 1}/{EPOCHS}, loss {np.mean(losses):.4f}", flush=True)


def _train_step(layers: Layers, batch: np.ndarray, labels: np.ndarray) -> float:
    """Leaves the gradients in the layers and returns the loss."""
    loss, gradient = cross_entropy(_forward(layers, batch), labels)
    for layer in reversed(layers.values()):
        gradient = layer.backward(gradient)
    return loss


def _forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    for layer in layers.values():
        x = layer.forward(x)
    return x


def _accuracy(layers: Layers, images: np.ndarray, labels: np.ndarray) -> float:
    predictions = _forward(layers, digits.normalise(images)).argmax(axis=1)
    return float(np.mean(predictions == labels))


def _export(layers: Layers, path: Path) -> None:
    graph = GraphBuilder("lenet5", OPSET)
    image_shape: Shape = [BATCH_DIMENSION, 1, digits.CANVAS_SIZE, digits.CANVAS_SIZE]
    value = graph.input(INPUT_NAME, image_shape)
    for name, layer in layers.items():
        value = _add_node(graph, name, layer, value)
    graph.output(value, [BATCH_DIMENSION, CLASSES])
    graph.save(path)


def _add_node(graph: GraphBuilder, name: str, layer: Layer, x: str) -> str:
    match layer:
        case Convolution():
            kernel = list(layer.weight.shape[2:])
            return graph.node("Conv", name, [x, *_weights(graph, name, layer)], kernel_shape=kernel)
        case Dense():
            return graph.node("Gemm", name, [x, *_weights(graph, name, layer)], transB=1)
        case Relu():
            return graph.node("Relu", name, [x])
        case HalvingMaxPool():
            return graph.node("MaxPool", name, [x], kernel_shape=[2, 2], strides=[2, 2])
        case Flatten():
            return graph.node("Flatten", name, [x], axis=1)
        case _:
            raise TypeError(f"no ONNX operator for {type(layer).__name__}")


def _weights(graph: GraphBuilder, name: str, layer: Convolution | Dense) -> list[str]:
    return [
        graph.weight(f"{name}.weight", layer.weight),
        graph.weight(f"{name}.bias", layer.bias),
    ]


def _write_test_data(layers: Layers, images: np.ndarray, labels: np.ndarray, folder: Path) -> None:
    """Writes the first held-out digit of each class, in order, and its logits."""
    firsts = [int(np.argmax(labels == digit)) for digit in range(CLASSES)]
    batch = digits.normalise(images[firsts])
    test_data.write(folder, {INPUT_NAME: batch}, {OUTPUT_NAME: _forward(layers, batch)})
