"""The layers of a transformer, written as exporters write them, with calibrated random weights.

What calibrated_network.py says of image networks holds here too: every linear
layer is scaled by what it makes of the example inputs, so that no softmax
saturates and every layer still counts in the output.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .graph_builder import Shape
from .options import BuildOptions, ModelQualityError
from .traced_graph import Traced, TracedGraph

LAYER_NORMALIZATION_OPSET = 17
# See calibrated_network.py for the spreads, resnet50.py for the gain.
SCALE_SPREAD = 0.1
SHIFT_SPREAD = 0.1
RESIDUAL_GAIN = 0.5
EXAMPLES = 2  # where the batch is symbolic
LARGEST_MEAN_PROBABILITY = 0.9  # of the likeliest key: beyond, a softmax only copies


class CalibratedTransformer:
    def __init__(self, name: str, options: BuildOptions) -> None:
        self.graph = TracedGraph(options.named(name), options.opset)
        self.random = np.random.default_rng(options.seed)
        self.is_symbolic = options.is_symbolic
        self.examples = EXAMPLES if isinstance(options.batch, str) else options.batch

    def save_model(self, output: Path) -> Path:
        return self.graph.save(output / f"{self.graph.name}.onnx")

    def save_with_test_data(self, output: Path) -> Path:
        """A folder with the model, the example inputs and what they give."""
        folder = output / self.graph.name
        self.graph.write_test_data(folder / "test_data_set_0")
        return self.graph.save(folder / "model.onnx")

    def normal(self, shape: Sequence[int], deviation: float = 1.0) -> np.ndarray:
        return np.float32(deviation) * self.random.standard_normal(shape, dtype=np.float32)

    def table(self, name: str, count: int, width: int, deviation: float) -> Traced:
        return self.graph.constant(f"{name}.weight", self.normal((count, width), deviation))

    def embedding(self, name: str, table: Traced, ids: Traced) -> Traced:
        return self.graph.op("Gather", name, table, ids, axis=0)

    def linear(self, name: str, x: Traced, width: int, gain: float = 1.0) -> Traced:
        """MatMul and Add, as exporters write torch.nn.Linear on three dimensions."""
        weight = self.graph.constant(f"{name}.weight", self.calibrated_weight(x, width, gain))
        bias = self.bias(name, width, gain)
        product = self.graph.op("MatMul", f"{name}.matmul", x, weight)
        return self.graph.op("Add", name, bias, product)

    def bias(self, name: str, width: int, gain: float = 1.0) -> Traced:
        return self.graph.constant(f"{name}.bias", self.normal((width,), gain * SHIFT_SPREAD))

    def calibrated_weight(self, x: Traced, width: int, gain: float) -> np.ndarray:
        """A weight [features, width] that gives the product a deviation of `gain`."""
        weight = self.normal((x.features, width))
        weight *= np.float32(gain) / (x.values.reshape(-1, x.features) @ weight).std()
        return weight

    def residual_gain(self, x: Traced) -> float:
        return RESIDUAL_GAIN * float(x.values.std())

    def layer_norm(self, name: str, x: Traced, epsilon: float) -> Traced:
        scale = 1 + self.normal((x.features,), SCALE_SPREAD)
        weight = self.graph.constant(f"{name}.weight", scale)
        bias = self.graph.constant(f"{name}.bias", self.normal((x.features,), SHIFT_SPREAD))
        if self.graph.opset >= LAYER_NORMALIZATION_OPSET:
            attributes = {"axis": -1, "epsilon": epsilon}
            return self.graph.op("LayerNormalization", name, x, weight, bias, **attributes)
        normal = self._standardized(name, x, epsilon)
        scaled = self.graph.op("Mul", f"{name}.mul", normal, weight)
        return self.graph.op("Add", name, scaled, bias)

    def _standardized(self, name: str, x: Traced, epsilon: float) -> Traced:
        op = self.graph.op
        mean = op("ReduceMean", f"{name}.mean", x, axes=[-1])
        centred = op("Sub", f"{name}.centred", x, mean)
        square = op("Pow", f"{name}.square", centred, self.graph.scalar(f"{name}.two", 2))
        variance = op("ReduceMean", f"{name}.variance", square, axes=[-1])
        shifted = op("Add", f"{name}.shifted", variance, self.graph.scalar(f"{name}.eps", epsilon))
        deviation = op("Sqrt", f"{name}.deviation", shifted)
        return op("Div", f"{name}.div", centred, deviation)

    def erf_gelu(self, name: str, x: Traced) -> Traced:
        op, scalar = self.graph.op, self.graph.scalar
        scaled = op("Div", f"{name}.div", x, scalar(f"{name}.root", float(np.sqrt(2))))
        erf = op("Erf", f"{name}.erf", scaled)
        shifted = op("Add", f"{name}.add", erf, scalar(f"{name}.one", 1))
        product = op("Mul", f"{name}.mul", x, shifted)
        return op("Mul", name, product, scalar(f"{name}.half", 0.5))

    def tanh_gelu(self, name: str, x: Traced) -> Traced:
        op, scalar = self.graph.op, self.graph.scalar
        half = op("Mul", f"{name}.half", x, scalar(f"{name}.one_half", 0.5))
        cube = op("Pow", f"{name}.cube", x, scalar(f"{name}.three", 3))
        part = op("Mul", f"{name}.part", cube, scalar(f"{name}.cubic", 0.044715))
        inner = op("Add", f"{name}.inner", x, part)
        root = scalar(f"{name}.root", float(np.sqrt(2 / np.pi)))
        tanh = op("Tanh", f"{name}.tanh", op("Mul", f"{name}.scaled", inner, root))
        return op("Mul", name, half, op("Add", f"{name}.add", tanh, scalar(f"{name}.one", 1)))

    def softmax(self, name: str, scores: Traced) -> Traced:
        probabilities = self.graph.op("Softmax", name, scores, axis=-1)
        likeliest = float(probabilities.values.max(axis=-1).mean())
        if likeliest > LARGEST_MEAN_PROBABILITY and scores.features > 1:
            raise ModelQualityError(f"{name} is saturated: {likeliest:.2f} on one key")
        return probabilities

    def split_heads(self, name: str, x: Traced, heads: int, perm: Sequence[int]) -> Traced:
        """[batch, tokens, width] to [batch, heads, tokens, width of a head], or as `perm` says."""
        apart = self.reshape(f"{name}.heads", x, [None, None, heads, x.features // heads])
        return self.graph.op("Transpose", name, apart, perm=perm)

    def join_heads(self, name: str, x: Traced) -> Traced:
        side_by_side = self.graph.op("Transpose", f"{name}.transpose", x, perm=[0, 2, 1, 3])
        heads, width = x.values.shape[1], x.features
        return self.reshape(name, side_by_side, [None, None, heads * width])

    def reshape(self, name: str, x: Traced, extents: Sequence[int | None]) -> Traced:
        """None keeps the extent at that place."""
        return self.graph.op("Reshape", name, x, self.shape(f"{name}.shape", x, extents))

    def reshape_rows(self, name: str, rows: Traced, like: Traced) -> Traced:
        """[batch * tokens, width] to [batch, tokens, width], with batch and tokens of `like`."""
        shape = self.shape(f"{name}.shape", like, [None, None, rows.features])
        return self.graph.op("Reshape", name, rows, shape)

    def shape(self, name: str, x: Traced, extents: Sequence[int | None]) -> Traced:
        """`extents` as a tensor; None is the extent of `x`, which a symbolic model looks up."""
        if self.is_symbolic and None in extents:
            parts = [self._extent_part(name, x, axis, e) for axis, e in enumerate(extents)]
            return self.graph.op("Concat", name, *parts, axis=0)
        fixed = [x.values.shape[axis] if e is None else e for axis, e in enumerate(extents)]
        return self.graph.integers(name, fixed)

    def extent(self, name: str, x: Traced, axis: int) -> Traced:
        """Extent of `x` along `axis`, as a scalar: Shape and Gather, or a constant."""
        if not self.is_symbolic:
            return self.graph.integers(name, x.values.shape[axis])
        shape = self.graph.op("Shape", f"{name}.shape", x)
        index = self.graph.integers(f"{name}.index", axis)
        return self.graph.op("Gather", name, shape, index, axis=0)

    def unsqueeze(self, name: str, x: Traced, axis: int) -> Traced:
        return self.graph.op("Unsqueeze", name, x, self.graph.integers(f"{name}.axes", [axis]))

    def _extent_part(self, name: str, x: Traced, axis: int, extent: int | None) -> Traced:
        part = f"{name}.{axis}"
        if extent is not None:
            return self.graph.integers(part, [extent])
        return self.unsqueeze(part, self.extent(f"{part}.extent", x, axis), 0)


def shape_of(options: BuildOptions, *extents: int | str) -> Shape:
    """Batch and `extents`; those named are symbolic only where the batch is."""
    if options.is_symbolic:
        return [options.batch, *extents]
    return [options.batch, *(options.sequence if isinstance(e, str) else e for e in extents)]
