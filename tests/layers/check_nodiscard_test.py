"""Feeds scripts/check_nodiscard.py small headers, good and bad."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_nodiscard.py"


def run(where, text):
    """Exit status and output of the checker on a tree of one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, where)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class CheckNodiscard(unittest.TestCase):
    def refuses(self, text, name, line=1, where="src/ops/a.h"):
        """Expects one error, at the line, that has the name."""
        status, output = run(where, text + "\n")
        self.assertEqual(status, 1, text)
        self.assertEqual(len(output.splitlines()), 1, output)
        self.assertTrue(output.startswith(f"{where}:{line}: '{name}'"), output)

    def accepts(self, text):
        self.assertEqual(run("src/ops/a.h", text + "\n"),
                         (0, "every function that returns a Status is [[nodiscard]]\n"), text)

    def test_refuses_unmarked_functions(self):
        self.refuses("core::Status save();", "save")
        self.refuses("Status save();", "save")
        self.refuses("::mini_infer::core::Status save();", "save")
        self.refuses("MINI_INFER_API core::Status save();", "save")
        self.refuses("inline core::Status save() { return {}; }", "save")
        self.refuses("template <typename T>\ncore::Status save(T value);", "save", line=2)
        self.refuses("core::Status\n    save();", "save", line=2)
        self.refuses("auto save(int value) -> core::Status;", "save")

    def test_refuses_unmarked_members(self):
        self.refuses("class A {\n public:\n  core::Status save() const;\n};", "save", line=3)
        self.refuses("struct A {\n  virtual core::Status save() = 0;\n};", "save", line=2)
        self.refuses("struct A {\n  static core::Status save();\n};", "save", line=2)
        self.refuses("struct A {\n  core::Status operator()(int);\n};", "operator()", line=2)

    def test_the_mark_of_a_neighbour_does_not_count(self):
        self.refuses("[[nodiscard]] core::Status load();\ncore::Status save();", "save", line=2)
        self.refuses("class A {\n  [[nodiscard]] int size();\n public:\n  core::Status save();\n};",
                     "save", line=4)

    def test_every_public_and_internal_header_is_read(self):
        for where in ("include/mini_infer/a.h", "cuda/a.cuh", "tests/support/a.h", "benchmarks/a.h"):
            self.refuses("core::Status save();", "save", where=where)

    def test_accepts_marked_functions(self):
        self.accepts("[[nodiscard]] core::Status save();")
        self.accepts("[[nodiscard]] MINI_INFER_API core::Status save();")
        self.accepts('[[nodiscard("why")]] inline core::Status save() { return {}; }')
        self.accepts("template <typename T>\n[[nodiscard]] core::Status save(T value);")
        self.accepts("class A {\n public:\n  [[nodiscard]] virtual core::Status save() = 0;\n};")
        self.accepts("[[nodiscard]] auto save(int value) -> core::Status;")

    def test_accepts_what_cannot_be_marked_or_needs_no_mark(self):
        self.accepts("struct A {\n  core::Status status;\n  core::Status last = {};\n};")
        self.accepts("core::Status (*run)(graph::Graph&) = nullptr;")
        self.accepts("using Run = std::function<core::Status(const Args&)>;")
        self.accepts("inline auto f = [](int x) -> core::Status { return {}; };")
        self.accepts("const Status& status() const;")
        self.accepts("inline core::Status A::save() { return {}; }")
        self.accepts("// core::Status save();\n/* Status load(); */")
        self.accepts("#define SAVE \\\n  core::Status save();")
        self.accepts('const char* text = "core::Status save()";')

    def test_accepts_the_call_of_the_integration_guide(self):
        self.accepts("struct MemoryPlanner {\n  core::Status set_alignment(std::size_t bytes);\n};")

    def test_result_is_a_marked_class(self):
        self.refuses("template <typename T>\nclass Result {};", "Result", line=2)
        self.accepts("template <typename T>\nclass [[nodiscard]] Result {};")


if __name__ == "__main__":
    unittest.main()
