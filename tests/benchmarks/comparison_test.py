"""Feeds the parts of benchmarks/compare_onnxruntime.py small outputs, profiles and records."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from comparison import figures, kinds, layers  # noqa: E402
from comparison.markdown import section, table  # noqa: E402

try:
    import numpy as np
    from comparison.outputs import OutputsDisagree, largest_difference
    from comparison.sides import operator_times
except ModuleNotFoundError:
    np = None


def operator(nodes, milliseconds):
    return kinds.OperatorTime(nodes, milliseconds)


def record(title="A", ratio=1.0, gate=0.9, aim=1.1):
    side = {"median": 2.0, "min": 1.5}
    measured = {"ours": side, "onnxruntime": side, "ratio": ratio, "ratios": [ratio]}
    return {"title": title, "gate": gate, "aim": aim, "threads": {"1": measured}}


def memory_record(resident, theirs=500e6):
    ours = {
        "weights_bytes": 100e6,
        "arena_bytes": 5e6,
        "resident_bytes": resident,
        "peak_resident_bytes": resident,
    }
    other = {"resident_bytes": theirs, "peak_resident_bytes": theirs}
    return {
        "title": "A",
        "memory": {"ours": ours, "onnxruntime": other, "onnxruntime_before_load": other},
    }


class Kinds(unittest.TestCase):
    def test_names_of_both_engines_meet(self):
        pairs = {
            "convolution": ("mini_infer.Conv", "FusedConv"),
            "matrix product": ("mini_infer.MatMul", "Gemm"),
            "normalization": ("mini_infer.LayerNormalization", "SkipLayerNormalization"),
            "attention": ("mini_infer.Attention", "MultiHeadAttention"),
            "pooling and reduction": ("mini_infer.GlobalAveragePool", "ReduceMean"),
            "layout": ("Transpose", "ReorderOutput"),
            kinds.REST: ("Mul", "BiasGelu"),
        }
        for kind, names in pairs.items():
            for name in names:
                self.assertEqual(kinds.kind_of(name), kind, name)

    def test_times_and_nodes_add_up(self):
        profile = {"Conv": operator(3, 1.5), "FusedConv": operator(2, 0.5), "Add": operator(1, 1)}
        self.assertEqual(
            kinds.by_kind(profile), {"convolution": operator(5, 2.0), kinds.REST: operator(1, 1)}
        )


class Gates(unittest.TestCase):
    def test_speed(self):
        self.assertEqual(figures.verdict(1.2, gate=0.95, aim=1.15), "aim reached")
        self.assertEqual(figures.verdict(1.0, gate=0.95, aim=1.15), "gate passed")
        self.assertEqual(figures.verdict(0.94, gate=0.95, aim=1.15), "gate missed")

    def test_geometric_mean_is_of_the_small_models(self):
        text = figures.speed([record(ratio=0.5), record(ratio=2.0), record(ratio=9, gate=1.1)])
        self.assertIn("of the 2 models", text)
        self.assertIn("**1.00**", text)

    def test_a_thread_count_that_failed_is_not_measured(self):
        one = record()
        one["threads"]["2"] = {"failed": "no such thread"}
        row = figures.speed([one]).splitlines()[5]
        self.assertIn("no such thread", row)
        self.assertIn("not measured", row)

    def test_memory_is_held_against_the_plan_and_the_peer(self):
        self.assertIn("| passed |", figures.memory([memory_record(164e6)]))
        self.assertIn("| missed |", figures.memory([memory_record(166e6)]))
        self.assertIn("| missed |", figures.memory([memory_record(164e6, theirs=163e6)]))

    def test_planning(self):
        resnet = {"title": "ResNet-50, batch 1", "planning": 9.9}
        text = figures.planning([resnet, {"title": "B", "planning": 99.0}], long_model=101.0)
        self.assertIn("| 9.90 | 10 ms: passed |", text)
        self.assertIn("| B | 99.00 | – |", text)
        self.assertIn("| 101.00 | 100 ms: missed |", text)

    def test_first_answer(self):
        answer = {"ours": 10.0, "onnxruntime": 19.0, "ratio": 1.9}
        text = figures.first_answer([{"title": "A", "first_answer": answer}])
        self.assertIn("| A | 10.0 | 19.0 | **1.90** | missed |", text)

    def test_a_first_answer_whose_run_alone_takes_too_long(self):
        record = {
            "title": "A",
            "first_answer": {"ours": 12.0, "onnxruntime": 19.0, "ratio": 1.58},
            "threads": {"1": {"ours": {"median": 9.6}}},
        }
        self.assertIn("a run alone takes 10 ms of the 10 allowed", figures.first_answer([record]))
        record["threads"]["1"]["ours"]["median"] = 9.4
        self.assertIn("| missed |", figures.first_answer([record]))


class Layers(unittest.TestCase):
    def test_fusion_shows_each_model_once(self):
        fusion = {"nodes": {"imported": 9, "fuse": 3}, "left": {"Add": 1, "Conv": 2}}
        models = [{"title": title, "fusion": fusion} for title in ("batch 1", "batch 8")]
        text = layers.fusion(models)
        self.assertIn("| batch 1 | 9 | 3 |", text)
        self.assertIn("| batch 1 | 2 Conv, 1 Add |", text)
        self.assertNotIn("batch 8", text)

    def test_a_kind_that_one_side_lacks_has_no_ratio(self):
        profiles = {
            "ours": {"convolution": {"nodes": 1, "milliseconds": 2.0}},
            "onnxruntime": {
                "convolution": {"nodes": 1, "milliseconds": 3.0},
                "layout": {"nodes": 2, "milliseconds": 4.0},
            },
        }
        text = layers.kinds({"title": "A", "threads": {"1": {"kinds": profiles}}})
        self.assertIn("| layout | – | – | 2 | 4.000 | – |", text)
        self.assertIn("| convolution | 1 | 2.000 | 1 | 3.000 | 1.50 |", text)


class Markdown(unittest.TestCase):
    def test_a_bar_does_not_end_a_cell(self):
        self.assertEqual(table(["a"], [["x|y"]]).splitlines()[-1], "| x\\|y |")

    def test_text_is_wrapped_and_empty_blocks_are_left_out(self):
        self.assertEqual(section("T", "a\n   b", "", "c"), "## T\n\na b\n\nc")


@unittest.skipIf(np is None, "needs numpy")
class OnnxRuntimeProfile(unittest.TestCase):
    def test_averages_over_runs_and_adds_up_over_nodes(self):
        def event(name, op, microseconds):
            return {"cat": "Node", "name": name, "dur": microseconds, "args": {"op_name": op}}

        events = [
            {"cat": "Session", "name": "model_run", "dur": 9000},
            event("a_fence_before", "Conv", 9000),
            event("a_kernel_time", "Conv", 1000),
            event("a_kernel_time", "Conv", 3000),
            event("b_kernel_time", "Conv", 500),
            event("b_kernel_time", "Conv", 500),
            event("c_kernel_time", "Add", 100),
        ]
        expected = {"Conv": operator(2, 2.5), "Add": operator(1, 0.1)}
        self.assertEqual(operator_times(events), expected)


@unittest.skipIf(np is None, "needs numpy")
class Outputs(unittest.TestCase):
    def setUp(self):
        self.good = np.linspace(-1, 1, 100, dtype=np.float32)

    def refuses(self, ours, theirs, *words):
        with self.assertRaises(OutputsDisagree) as caught:
            largest_difference(ours, theirs)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_accepts_rounding(self):
        found = largest_difference({"y": self.good * np.float32(1.0001)}, {"y": self.good})
        self.assertAlmostEqual(found, 1e-4, delta=1e-6)

    def test_refuses_a_difference(self):
        self.refuses({"y": self.good * np.float32(1.01)}, {"y": self.good}, "y", "1.00e-02")

    def test_refuses_a_nan_on_either_side(self):
        broken = np.where(self.good > 0.9, np.nan, self.good)
        self.refuses({"y": broken}, {"y": self.good}, "differs")
        self.refuses({"y": self.good}, {"y": broken}, "not finite")

    def test_refuses_outputs_that_show_nothing(self):
        self.refuses({"y": self.good * 0}, {"y": self.good * 0}, "no value")
        flat = np.ones(100, np.float32)
        self.refuses({"y": flat}, {"y": flat}, "1 distinct")

    def test_two_probabilities_may_be_all_there_is(self):
        pair = np.array([0.25, 0.75], np.float32)
        self.assertEqual(largest_difference({"y": pair}, {"y": pair}), 0)

    def test_refuses_other_names_and_shapes(self):
        self.refuses({"x": self.good}, {"y": self.good}, "['x']", "['y']")
        self.refuses({"y": self.good[None]}, {"y": self.good}, "(1, 100)")


if __name__ == "__main__":
    unittest.main()
