"""The parts of benchmarks/compare_torch.py."""
