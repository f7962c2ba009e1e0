"""Builds the small transformers of scripts/make_models.py in all their forms."""

import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

try:
    import numpy as np
    import onnx
    from models import RECIPES, BuildOptions
    from models.calibrated_transformer import CalibratedTransformer
    from models.graph_builder import GraphBuilder
    from models.options import ModelQualityError, UnfitOptionsError
    from onnx import numpy_helper
except ModuleNotFoundError as missing:
    print(f"SKIPPED: no package {missing.name} (see scripts/requirements.txt)")
    sys.exit(0)

TINY = ("bert_tiny", "gpt2_tiny", "vit_tiny")
SYMBOLIC = BuildOptions(seed=1, batch="batch", sequence=6)
STATIC = BuildOptions(seed=1, batch=2, sequence=6)
BOUNDS = (("low", 0), ("high", 6))
LARGEST_FILE = 300_000  # bytes


def build(name, options):
    with tempfile.TemporaryDirectory() as folder:
        path = RECIPES[name](Path(folder), options)
        return path.read_bytes(), read_test_data(path.parent / "test_data_set_0")


def read_test_data(folder):
    tensors = {}
    for path in sorted(folder.glob("*.pb")):
        message = onnx.TensorProto.FromString(path.read_bytes())
        tensors[message.name] = numpy_helper.to_array(message)
    return tensors


def operators(model_bytes):
    return Counter(node.op_type for node in onnx.ModelProto.FromString(model_bytes).graph.node)


class TinyTransformers(unittest.TestCase):
    def test_the_same_seed_gives_the_same_bytes(self):
        for name in TINY:
            self.assertEqual(build(name, SYMBOLIC)[0], build(name, SYMBOLIC)[0], name)

    def test_another_seed_gives_another_model(self):
        other = BuildOptions(seed=2, batch="batch", sequence=6)
        self.assertNotEqual(build("bert_tiny", SYMBOLIC)[0], build("bert_tiny", other)[0])

    def test_they_are_small(self):
        for name in TINY:
            self.assertLess(len(build(name, SYMBOLIC)[0]), LARGEST_FILE, name)

    def test_test_data_has_every_input_and_output(self):
        for name in TINY:
            model_bytes, tensors = build(name, STATIC)
            graph = onnx.ModelProto.FromString(model_bytes).graph
            named = {value.name for value in [*graph.input, *graph.output]}
            self.assertEqual(named, set(tensors), name)

    def test_static_extents_fit_the_test_data(self):
        for name in TINY:
            model_bytes, tensors = build(name, STATIC)
            for value in onnx.ModelProto.FromString(model_bytes).graph.input:
                shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
                self.assertEqual(shape, tensors[value.name].shape, value.name)

    def test_a_symbolic_batch_brings_shape_arithmetic(self):
        for name in TINY:
            self.assertEqual(operators(build(name, STATIC)[0])["Shape"], 0, name)
            self.assertGreater(operators(build(name, SYMBOLIC)[0])["Shape"], 0, name)

    def test_before_opset_17_layer_normalization_is_written_out(self):
        old = BuildOptions(seed=1, batch=2, sequence=6, opset=13)
        for name in TINY:
            new_count = operators(build(name, STATIC)[0])["LayerNormalization"]
            written_out = operators(build(name, old)[0])
            self.assertGreater(new_count, 0, name)
            self.assertEqual(written_out["LayerNormalization"], 0, name)
            self.assertEqual(written_out["ReduceMean"], 2 * new_count, name)

    def test_both_forms_give_the_same_outputs(self):
        old = BuildOptions(seed=1, batch=2, sequence=6, opset=13)
        for name in TINY:
            new_tensors, old_tensors = build(name, STATIC)[1], build(name, old)[1]
            for tensor, values in new_tensors.items():
                np.testing.assert_allclose(values, old_tensors[tensor], atol=1e-4, err_msg=tensor)

    def test_a_cache_grows_by_the_new_token(self):
        tensors = build("gpt2_tiny", STATIC)[1]
        past, present = tensors["past_key_0"], tensors["present_key_0"]
        self.assertEqual(present.shape[2], past.shape[2] + 1)
        np.testing.assert_array_equal(present[:, :, :-1], past)

    def test_padding_is_not_attended_to(self):
        used = build("bert_tiny", STATIC)[1]["attention_mask"]
        self.assertLess(used[-1].sum(), used[0].sum())

    def test_a_vocabulary_can_be_chosen(self):
        small = BuildOptions(seed=1, batch=2, sequence=6, vocabulary=40)
        self.assertEqual(build("gpt2_tiny", small)[1]["logits"].shape[-1], 40)

    def test_more_tokens_than_positions_are_refused(self):
        for name, tokens in (("bert_tiny", 161), ("gpt2_tiny", 160)):
            with self.assertRaisesRegex(UnfitOptionsError, f"--sequence {tokens}: at most"):
                build(name, BuildOptions(seed=1, batch=2, sequence=tokens))


class Graph(unittest.TestCase):
    def test_a_scalar_constant_stays_one(self):
        graph = GraphBuilder("scalar", 17)
        bounds = [graph.weight(name, np.array(value, np.float32)) for name, value in BOUNDS]
        graph.output(graph.node("Clip", "y", [graph.input("x", [2]), *bounds]), [2])
        with tempfile.TemporaryDirectory() as folder:
            graph.save(Path(folder, "scalar.onnx"))
            model = onnx.load(Path(folder, "scalar.onnx"))
        self.assertEqual([list(t.dims) for t in model.graph.initializer], [[], []])


class Quality(unittest.TestCase):
    def test_a_saturated_softmax_is_refused(self):
        model = CalibratedTransformer("saturated", STATIC)
        scores = model.graph.input("scores", [2, 4, 4], 100 * model.normal((2, 4, 4)))
        with self.assertRaisesRegex(ModelQualityError, "saturated"):
            model.softmax("softmax", scores)

    def test_outputs_that_show_nothing_are_refused(self):
        model = CalibratedTransformer("flat", STATIC)
        x = model.graph.input("x", [2, 32], np.zeros((2, 32), np.float32))
        with self.assertRaisesRegex(ModelQualityError, "no output exceeds"):
            model.graph.output(model.graph.op("Identity", "y", x), [2, 32])


class CommandLine(unittest.TestCase):
    def refuses(self, *arguments):
        command = [sys.executable, SCRIPTS / "make_models.py", "--output", "unused", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_refuses_what_it_cannot_build(self):
        self.assertIn("invalid choice", self.refuses("bert_huge"))
        self.assertIn("not positive", self.refuses("bert_tiny", "--sequence", "0"))
        self.assertIn("invalid choice", self.refuses("bert_tiny", "--opset", "9"))


if __name__ == "__main__":
    unittest.main()
