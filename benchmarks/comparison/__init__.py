"""The parts of benchmarks/compare_onnxruntime.py."""
