#!/usr/bin/env python3
"""A real Triton loads what `consort export --format triton` writes, and answers as `consort predict` does.

    /usr/bin/python3 -m venv /tmp/triton     # Debian's own: the Python backend of the wheel fails in pyenv's
    /tmp/triton/bin/pip install nvidia-pytriton==0.7.0 'onnxruntime==1.22.*' numpy pillow 'tritonclient[http]'    # 600 MB
    /tmp/triton/bin/python Tests/Serving/try_triton_repository.py CONSORT

Starts the tritonserver 2.51 that lies in the wheel of nvidia-pytriton, at free ports of 127.0.0.1, with an ensemble and two
cascades, asks alone and with many clients at once, and compares within 1e-5. The wheel has the Python backend only: of what
is written for ONNX Runtime's it shows that Triton takes the configuration, and Tests/Serving/try_exports.py runs the model.
Not in .ci/run, for the download's size.
"""
import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytriton
import tritonclient.http as triton

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = f"{ROOT}/Tests/Engines/InferenceTests/Fixtures"
PHOTOS = [f"{ROOT}/Tests/Data/DatasetsTests/Fixtures/{name}" for name in (
    "photo-small.jpg", "photo-tall.jpg", "photo-wide.jpg", "rgb.png", "grey.jpg", "subsampled.jpg")]
MEMBERS = ["logits", "softmax", "log-softmax"]
COMBINATIONS = {
    "all": {"rule": "geometricMean", "weights": [0.5, 0.125, 0.375], "temperature": 1.75},
    "sure": {"rule": "arithmeticMean", "memberTemperatures": [0.5, 1, 0.9], "temperature": 2.5,
             "cascade": {"confidence": "margin", "confidenceThresholds": [0.1, 0.15]}},
    "agreed": {"rule": "majorityVote", "cascade": {"confidence": "agreement", "confidenceThresholds": [None, 0.75]}},
}
CLASSES, TOLERANCE = 5, 1e-5


def expect(condition, what):
    if not condition:
        sys.exit(f"try_triton_repository: {what}")


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    expect(result.returncode == 0, f"{' '.join(command)}: {result.stderr}")
    return result.stdout


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Triton:
    """A tritonserver on a repository, until the end of the block."""

    def __init__(self, repository, backends, log):
        home = f"{os.path.dirname(pytriton.__file__)}/tritonserver"
        self.address = f"127.0.0.1:{free_port()}"
        host, port = self.address.split(":")
        self.log = open(log, "w")
        libraries = [f"{os.path.dirname(home)}/../nvidia_pytriton.libs", os.environ.get("LD_LIBRARY_PATH", "")]
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        # The backend looks for the program that runs Python beside itself; the wheel has one for each version of Python.
        shutil.copytree(f"{home}/backends", backends)
        shutil.copy(f"{home}/python_backend_stubs/{version}/triton_python_backend_stub", f"{backends}/python")
        self.process = subprocess.Popen(
            [f"{home}/bin/tritonserver", f"--model-repository={repository}", f"--backend-directory={backends}",
             f"--http-address={host}", f"--http-port={port}", "--allow-grpc=false", "--allow-metrics=false",
             "--exit-on-error=false"],
            stdout=self.log, stderr=subprocess.STDOUT,
            env=dict(os.environ, LD_LIBRARY_PATH=":".join(libraries), PATH=f"{sys.prefix}/bin:{os.environ['PATH']}"))

    def __enter__(self):
        client = triton.InferenceServerClient(self.address)
        for _ in range(600):
            expect(self.process.poll() is None, f"tritonserver ended, see {self.log.name}")
            try:
                if client.is_server_live():
                    return self
            except (OSError, triton.InferenceServerException):
                pass
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"try_triton_repository: tritonserver is not live after a minute: {open(self.log.name).read()[-4000:]}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.log.close()


def ask(address, model, images, outputs=("probabilities", "log_probabilities", "exit_stage")):
    client = triton.InferenceServerClient(address)
    given = triton.InferInput("images", list(images.shape), "FP32")
    given.set_data_from_numpy(images)
    answer = client.infer(model, [given], outputs=[triton.InferRequestedOutput(name) for name in outputs])
    return [answer.as_numpy(name) for name in outputs]


def expected(consort, built):
    """Probabilities, and the share of the images that stop after each member."""
    table, said = np.zeros((len(PHOTOS), CLASSES)), json.loads(run(consort, "predict", built, *PHOTOS, "--json"))
    for row, answer in enumerate(said["predictions"]):
        for item in answer["classes"]:
            table[row, int(item["name"].split()[-1])] = item["probability"]
    return table, said.get("exitFractions") or [0] * (len(MEMBERS) - 1) + [1]


def check(address, name, images, table, fractions):
    """The greatest difference, alone, together, and with eight clients at once."""
    probabilities, logarithms, stages = ask(address, name, images)
    worst = max(np.abs(probabilities - table).max(), np.abs(np.exp(logarithms) - table).max())
    found = [(stages == stage + 1).mean() for stage in range(len(MEMBERS))]
    expect(np.allclose(found, fractions), f"{name}: images stop as {found}, not {fractions}")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        rows = list(range(len(images))) * 16
        for row, (found,) in zip(rows, pool.map(
                lambda row: ask(address, name, images[row:row + 1], ["probabilities"]), rows)):
            worst = max(worst, np.abs(found[0] - table[row]).max())
    expect(worst <= TOLERANCE, f"{name}: probabilities differ by {worst}")
    best = triton.InferRequestedOutput("probabilities", class_count=1)
    given = triton.InferInput("images", list(images.shape), "FP32")
    given.set_data_from_numpy(images)
    top = triton.InferenceServerClient(address).infer(name, [given], outputs=[best]).as_numpy("probabilities")
    labels = [text[0].decode().split(":")[2] for text in top]
    expect(labels == [f"class {label}" for label in table.argmax(1)], f"{name}: the labels are {labels}")
    bad = images[:1].copy()
    bad[0, 0, 0, 0] = np.nan
    try:
        ask(address, name, bad)
        expect(False, f"{name}: NaN is answered")
    except triton.InferenceServerException as error:
        expect("no distribution" in error.message(), f"{name}: NaN is refused with {error.message()}")
    return worst, set(stages[:, 0].tolist())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    consort = os.path.abspath(sys.argv[1])
    sys.path.insert(0, f"{ROOT}/Examples/Reading")
    import predict as reader
    with tempfile.TemporaryDirectory() as directory:
        repository, said, exits, worst = f"{directory}/repository", {}, set(), 0
        for name, combination in COMBINATIONS.items():
            with open(f"{directory}/decision.json", "w") as file:
                json.dump({"version": 1, "candidates": [], "deployed": {
                    "id": "it", "members": MEMBERS, "combination": combination}}, file)
            built = f"{directory}/{name}"
            run(consort, "build-ensemble", *(f"{FIXTURES}/{member}.onnx" for member in MEMBERS), "--resize", "9",
                "--mean", "imagenet", "--std", "imagenet", "--decision", f"{directory}/decision.json", "--out", built)
            run(consort, "export", built, "--format", "triton", "--backend", "python", "--out", repository)
            said[name] = expected(consort, built)
        run(consort, "export", f"{directory}/all", "--format", "triton", "--name", "joined", "--out", repository)
        with open(f"{directory}/all/ensemble.json") as file:
            preprocessing = json.load(file)["members"][0]["preprocessing"]
        images = np.concatenate([reader.pixels(photo, preprocessing) for photo in PHOTOS])
        log = f"{directory}/tritonserver.log"
        with Triton(repository, f"{directory}/backends", log) as server:
            client = triton.InferenceServerClient(server.address)
            index = {entry["name"]: entry for entry in client.get_model_repository_index()}
            for name in COMBINATIONS:
                if index[name].get("state") != "READY":
                    with open(log) as file:
                        sys.exit(f"try_triton_repository: {index[name]}\n{file.read()[:6000]}")
                found, stopped = check(server.address, name, images, *said[name])
                worst, exits = max(worst, found), exits | stopped
            # What is missing is the backend, after the configuration was read.
            reason = index["joined"].get("reason", "")
            expect(index["joined"]["state"] == "READY" or "backend" in reason, f"joined: {reason}")
            version = client.get_server_metadata()["version"]
        expect(exits == {1, 2, 3}, f"images stop after {exits} members only: the thresholds show nothing")
        print(f"try_triton_repository: Triton {version} loads all and agrees within {worst:.1e}; joined: "
              f"{index['joined']['state']}, {reason}")


main()
