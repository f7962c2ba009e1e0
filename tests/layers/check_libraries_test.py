"""Feeds scripts/check_libraries.py files of which stand-ins for nm and readelf tell, good and bad."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_libraries.py"


def stand_in(path, text):
    """A program that prints this text whatever it is asked."""
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n", encoding="utf-8")
    os.chmod(path, 0o755)
    return path


def check(name, exports=("mini_infer_solve",), needed=(), arguments=()):
    """Exit status and output of the checker on a file of that name."""
    with tempfile.TemporaryDirectory() as folder:
        nm = stand_in(Path(folder, "nm"), "\n".join(f"{symbol} T 1000 10" for symbol in exports))
        lines = "\n".join(f" 0x01 (NEEDED)             Shared library: [{library}]" for library in needed)
        readelf = stand_in(Path(folder, "readelf"), lines)
        command = [sys.executable, SCRIPT, "--nm", nm, "--readelf", readelf, *arguments, Path(folder, name)]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout


class CheckLibraries(unittest.TestCase):
    def test_accepts_our_own_symbols(self):
        ours = ["mini_infer_solve", "mini_infer_cuda", "_ZN10mini_infer4core3logE", "_ZNK10mini_infer5graph5GraphE",
                "_ZNKR10mini_infer1aEv", "_ZTIN10mini_infer3ops6DeviceE", "_ZTVN10mini_infer3ops6DeviceE"]
        self.assertEqual(check("liba.so.0", ours)[0], 0)

    def test_refuses_symbols_of_others(self):
        for foreign in ("_ZN6spdlog6logger3logE", "_ZN3fmt2v96formatE", "_ZNSt6vectorIiE", "_ZTISt9exception",
                        "_ZNSt6vectorIN10mini_infer1aEE", "_ZZN10mini_infer4core1fEvE1n", "adler32", "my_mini_infer"):
            status, output = check("liba.so.0", ["mini_infer_solve", foreign])
            self.assertEqual((status, output), (1, f"liba.so.0: exports '{foreign}', which is not ours\n"))

    def test_refuses_a_library_that_exports_nothing(self):
        self.assertEqual(check("liba.so", []), (1, "liba.so: exports nothing, so nobody can use it\n"))

    def test_a_program_may_export_what_it_likes(self):
        self.assertEqual(check("tool", ["_ZSt4cout@GLIBCXX_3.4"])[0], 0)

    def test_accepts_what_every_system_has(self):
        system = ["libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "ld-linux-x86-64.so.2",
                  "ld-linux-aarch64.so.1", "libdl.so.2", "libpthread.so.0", "libmini_infer.so.0"]
        for name in ("tool", "liba.so"):
            self.assertEqual(check(name, needed=system)[0], 0)

    def test_refuses_what_a_bare_system_lacks(self):
        for name in ("tool", "liba.so"):
            for library in ("libfmt.so.9", "libzstd.so.1", "libcudnn_graph.so.9"):
                self.assertEqual(check(name, needed=["libc.so.6", library]),
                                 (1, f"{name}: needs '{library}' at run time\n"))

    def test_accepts_what_the_caller_names(self):
        needed = ["libcudnn_graph.so.9", "libcublasLt.so.13"]
        self.assertEqual(check("liba.so", needed=needed, arguments=["--needs", "libcudnn", "--needs", "libcublasLt."])[0], 0)


if __name__ == "__main__":
    unittest.main()
