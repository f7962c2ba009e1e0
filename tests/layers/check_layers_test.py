"""Feeds scripts/check_layers.py small trees, good and bad."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_layers.py"


def run(files):
    """Exit status and output of the checker on a tree made of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class CheckLayers(unittest.TestCase):
    def refuses(self, where, text, *words):
        """Expects one error, at line 2 of the file, that has all the words."""
        status, output = run({where: "#pragma once\n" + text + "\n"})
        self.assertEqual(status, 1, output)
        self.assertEqual(len(output.splitlines()), 1, output)
        for word in (f"{where}:2: ",) + words:
            self.assertIn(word, output)

    def accepts(self, where, text):
        self.assertEqual(run({where: text}), (0, "includes follow the layers\n"))

    def test_accepts_what_a_layer_sees(self):
        self.accepts("src/ops/a.cpp", '#include "ops/a.h"\n#include "mini_infer/graph/graph.h"\n')
        self.accepts("src/runtime/a.cpp", '#include "planner/solve.h"\n#include "cpu/backend.h"\n')
        self.accepts("src/cli/a.cpp", '#include "mini_infer/report/memory_report.h"\n')
        self.accepts("include/mini_infer/mini_infer.h", '#include "mini_infer/core/log.h"\n')

    def test_refuses_an_arrow_that_turns_back(self):
        self.refuses("src/graph/a.cpp", '#include "ops/op_def.h"', "'graph'", "sees core")
        self.refuses("src/core/a.h", '#include "mini_infer/graph/graph.h"', "'core'")
        self.refuses("include/mini_infer/runtime/a.h", '#include "mini_infer/report/b.h"', "'runtime'")

    def test_planner_sees_only_core(self):
        self.refuses("src/planner/a.cpp", '#include "mini_infer/graph/graph.h"', "sees core")

    def test_backends_see_neither_each_other_nor_the_planner(self):
        self.refuses("src/cpu/a.cpp", '#include "cuda/backend.h"', "'cpu'")
        self.refuses("cuda/a.cu", '#include "cpu/backend.h"', "'cuda'")
        self.refuses("cuda/a.cu", '#include "planner/problem.h"', "'cuda'")

    def test_a_public_header_is_self_contained(self):
        self.refuses("include/mini_infer/runtime/a.h", '#include "runtime/arena.h"', "internal")
        self.refuses("include/mini_infer/core/a.h", "#include <sys/mman.h>", "standard library")

    def test_examples_use_public_headers(self):
        self.refuses("tests/examples/a.cpp", '#include "runtime/arena.h"', "internal")

    def test_heavy_headers_stay_in_their_folder(self):
        self.refuses("src/ops/a.cpp", "#include <nlohmann/json.hpp>", "src/report")
        self.refuses("src/graph/a.cpp", "#include <zlib.h>", "src/importers")

    def test_heavy_headers_stay_in_one_file(self):
        status, output = run({
            "src/cli/a.cpp": "#include <nlohmann/json.hpp>\n",
            "src/cli/b.cpp": "#include <nlohmann/json.hpp>\n",
        })
        self.assertEqual(status, 1)
        self.assertIn("src/cli/b.cpp:1: ", output)

    def test_a_path_starts_at_a_layer(self):
        self.refuses("src/ops/a.cpp", '#include "a.h"', "no layer")
        self.refuses("src/runtime/a.cpp", '#include "mini_infer/mini_infer.h"', "no layer")

    def test_a_new_folder_needs_a_row(self):
        status, output = run({"src/misc/a.cpp": ""})
        self.assertEqual((status, output.split(":")[0]), (1, "src/misc"))


if __name__ == "__main__":
    unittest.main()
