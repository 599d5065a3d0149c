#!/usr/bin/env python3
"""ONNX Runtime on the same models, one after another: the counterpart of benchmark-inference.

    peer.py BATCH THREADS SECONDS MODEL...
"""
import json
import statistics
import sys
import time

import numpy
import onnxruntime


def options():
    options = onnxruntime.SessionOptions()
    # Sessions with threads of their own disturb each other: idle ones spin for a while.
    options.use_per_session_threads = False
    return options


def session(path, images):
    """A run of one model whose input and output stay where they are."""
    session = onnxruntime.InferenceSession(path, options(), providers=["CPUExecutionProvider"])
    output = session.get_outputs()[0]
    logits = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
        [images.shape()[0], output.shape[1]], numpy.float32, "cpu")
    binding = session.io_binding()
    binding.bind_ortvalue_input(session.get_inputs()[0].name, images)
    binding.bind_ortvalue_output(output.name, logits)
    return lambda: session.run_with_iobinding(binding)


def main(batch, threads, seconds, *paths):
    batch, threads, seconds = int(batch), int(threads), float(seconds)
    onnxruntime.set_global_thread_pool_sizes(threads, 1)
    shape = onnxruntime.InferenceSession(paths[0], options(), providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    pixels = numpy.arange(batch * shape[1] * shape[2] * shape[3], dtype=numpy.float32) % 255 / 127 - 1
    images = onnxruntime.OrtValue.ortvalue_from_numpy(pixels.reshape([batch] + shape[1:]))
    runs = [session(path, images) for path in paths]
    times, elapsed, begin = [], 0.0, time.perf_counter()
    while elapsed < 1.2 * seconds or len(times) < 5:
        start = time.perf_counter()
        for run in runs:
            run()
        end = time.perf_counter()
        elapsed = end - begin
        # The first sixth of the time warms up.
        if elapsed > 0.2 * seconds:
            times.append(end - start)
    median = statistics.median(times)
    print(json.dumps({"program": f"ONNX Runtime {onnxruntime.__version__}", "images_per_second": batch / median,
                      "median_seconds": median}))


if __name__ == "__main__":
    main(*sys.argv[1:])
