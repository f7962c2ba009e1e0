"""ONNX Runtime in a process of its own; prints one JSON object.

  onnxruntime_worker.py MODEL INPUTS.npz THREADS outputs FILE.npz
  onnxruntime_worker.py MODEL INPUTS.npz THREADS first
  onnxruntime_worker.py MODEL INPUTS.npz THREADS latency WARM_UP_SECONDS SECONDS
  onnxruntime_worker.py MODEL INPUTS.npz THREADS profile SECONDS FOLDER

It imports nothing but numpy and onnxruntime, since its memory is measured.
"""

import json
import sys
from time import perf_counter

import numpy as np
import onnxruntime

PROVIDERS = ["CPUExecutionProvider"]


def options(threads):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.log_severity_level = 3
    return settings


def bind(session, inputs):
    """Inputs in place before the clock starts, as on the other side."""
    binding = session.io_binding()
    for name, values in inputs.items():
        binding.bind_cpu_input(name, values)
    for output in session.get_outputs():
        binding.bind_output(output.name, "cpu")
    return binding


def run_for(session, binding, seconds):
    """Milliseconds of each run; at least one."""
    samples = []
    end = perf_counter() + seconds
    while not samples or perf_counter() < end:
        start = perf_counter()
        session.run_with_iobinding(binding)
        samples.append(1000 * (perf_counter() - start))
    return samples


def memory():
    """Bytes of this process as the kernel counts them, now and at its peak."""
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {
        "resident_bytes": 1024 * int(fields["VmRSS"].split()[0]),
        "peak_resident_bytes": 1024 * int(fields["VmHWM"].split()[0]),
    }


def outputs(session, inputs, file):
    names = [output.name for output in session.get_outputs()]
    np.savez(file, **dict(zip(names, session.run(names, inputs), strict=True)))
    return {}


def latency(session, inputs, warm_up_seconds, seconds):
    binding = bind(session, inputs)
    run_for(session, binding, float(warm_up_seconds))
    samples = sorted(run_for(session, binding, float(seconds)))
    return {
        "runs": len(samples),
        "min": samples[0],
        "median": samples[len(samples) // 2],
        "memory": memory(),
    }


def profile(session, inputs, seconds):
    run_for(session, bind(session, inputs), float(seconds))
    return {"file": session.end_profiling()}


def main(model, inputs_file, threads, mode, *rest):
    before = memory()
    with np.load(inputs_file) as archive:
        inputs = {name: archive[name] for name in archive.files}
    settings = options(int(threads))
    if mode == "profile":
        settings.enable_profiling = True
        settings.profile_file_prefix = rest[1] + "/profile"
    start = perf_counter()
    session = onnxruntime.InferenceSession(model, settings, providers=PROVIDERS)
    load = perf_counter() - start
    if mode == "first":
        session.run_with_iobinding(bind(session, inputs))
        result = {"milliseconds": 1000 * (perf_counter() - start), "load": 1000 * load}
    elif mode == "outputs":
        result = outputs(session, inputs, rest[0])
    elif mode == "latency":
        result = latency(session, inputs, *rest)
    else:
        result = profile(session, inputs, rest[0])
    print(json.dumps(result | {"before_load": before}))


if __name__ == "__main__":
    main(*sys.argv[1:])
