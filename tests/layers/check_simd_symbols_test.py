"""Feeds scripts/check_simd_symbols.py objects, good and bad."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_simd_symbols.py"


def check(source):
    """Exit status and output of the checker on an object of this C++ source."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "code.cpp")
        path.write_text(source, encoding="utf-8")
        subprocess.run(["c++", "-c", "-O0", path, "-o", path.with_suffix(".o")], check=True)
        done = subprocess.run(
            [sys.executable, SCRIPT, path.with_suffix(".o")], capture_output=True, text=True
        )
        return done.returncode, done.stdout


class CheckSimdSymbols(unittest.TestCase):
    def test_accepts_functions_of_its_own(self):
        self.assertEqual(check("static int own() { return 1; } int use() { return own(); }"), (0, ""))

    def test_refuses_a_shared_inline_function(self):
        status, output = check("inline int shared() { return 1; } int use() { return shared(); }")
        self.assertEqual(status, 1)
        self.assertRegex(output, r"code\.o: shared\(\)\n$")

    def test_refuses_a_shared_static_variable(self):
        status, output = check("inline int& count() { static int n; return n; } int use() { return count(); }")
        self.assertEqual(status, 1)
        self.assertIn("count()::n", output)


if __name__ == "__main__":
    unittest.main()
