"""What the project asks of the figures. A ratio is ONNX Runtime's time by ours."""

MEGABYTE = 1e6

LARGEST_RELATIVE_DIFFERENCE = 1e-3  # max|difference| / max|reference| of each output
SMALLEST_USEFUL_OUTPUT = 1e-2
FEWEST_DISTINCT_VALUES = 10  # more than these

SMALL_MODEL_GATE = 0.9
SMALL_MODEL_AIM = 1.1  # of their geometric mean
FIRST_ANSWER_GATE = 2.0
MEMORY_ALLOWANCE = 60 * MEGABYTE  # beside packed weights and arena
PLANNING_MODEL = "ResNet-50, batch 1"
PLANNING_GATE = 10.0  # milliseconds
LONG_MODEL_NODES = 2000
LONG_MODEL_PLANNING_GATE = 100.0  # milliseconds
