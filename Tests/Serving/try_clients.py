#!/usr/bin/env python3
"""Asks `consort serve` with the clients that its users have, and compares their answers with `consort predict`.

    python3 -m venv /tmp/clients
    /tmp/clients/bin/pip install 'tritonclient[http]==2.73.0' numpy==2.4.6      # enough for .ci/run
    /tmp/clients/bin/pip install kserve==0.16.0 mlserver==1.7.1                 # 480 MB with what they need
    /tmp/clients/bin/python Tests/Serving/try_clients.py .build/debug/consort

Clients that are not installed are left out, and named at the end; tritonclient must be there.
"""
import asyncio
import csv
import importlib.util
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = [f"{ROOT}/Tests/Engines/InferenceTests/Fixtures/{name}.onnx" for name in ("logits", "softmax")]
PHOTOS = [f"{ROOT}/Tests/Data/DatasetsTests/Fixtures/photo-{name}.jpg" for name in ("small", "tall", "wide")]
FEEDING = ["--resize", "8", "--mean", "0.4,0.5,0.6", "--std", "0.2,0.2,0.2"]
TOLERANCE = 1e-6


def expect(condition, what):
    if not condition:
        sys.exit(f"try_clients: {what}")


class Server:
    """`consort serve` on an ensemble of two members, `pair`, until the end of the block."""

    def __init__(self, consort):
        self.consort = os.path.abspath(consort)
        self.directory = tempfile.mkdtemp(prefix="consort-clients-")

    def __enter__(self):
        subprocess.run(
            [self.consort, "build-ensemble", *MODELS, *FEEDING, "--out", "pair"],
            cwd=self.directory, check=True, capture_output=True)
        self.process = subprocess.Popen(
            [self.consort, "serve", "pair", "--port", "0", "--allow-repository"],
            cwd=self.directory, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.search(r"http://(127\.0\.0\.1:\d+)", line)
        expect(match, f"the server printed '{line}'")
        self.address = match.group(1)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        shutil.rmtree(self.directory)
        expect(status == 0, f"the server ended with status {status}")

    def predictions(self):
        """What `consort predict` says of the photographs: a row an image, a column a class."""
        said = subprocess.run(
            [self.consort, "predict", "pair", *PHOTOS, "--csv", "-"],
            cwd=self.directory, check=True, capture_output=True, text=True)
        table = []
        for row in itertools.islice(csv.reader(io.StringIO(said.stdout)), 1, None):
            named = dict(zip(row[1::2], map(float, row[2::2])))
            table.append([named[f"class {index}"] for index in range(5)])
        return np.array(table)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def near(left, right):
    return left is not None and left.shape == right.shape and np.abs(left - right).max() <= TOLERANCE


def tensor(images, binary=True):
    given = triton.InferInput("images", list(images.shape), "FP32")
    given.set_data_from_numpy(images, binary_data=binary)
    return given


def photographs():
    given = triton.InferInput("images", [len(PHOTOS)], "BYTES")
    given.set_data_from_numpy(np.array([read(path) for path in PHOTOS], dtype=object))
    return given


def refusal(work):
    """The status and text of the error that `work` gives."""
    try:
        work()
    except triton.InferenceServerException as error:
        return error.status(), error.message()
    return None, "no error"


def try_triton(server, expected):
    client = triton.InferenceServerClient(server.address)
    expect(client.is_server_live() and client.is_server_ready(), "tritonclient: not live or not ready")
    expect(client.is_model_ready("pair") and client.is_model_ready("pair", "1"), "tritonclient: model not ready")
    expect(client.get_server_metadata()["name"] == "consort", "tritonclient: server metadata")
    expect(client.get_model_metadata("pair")["inputs"][0]["shape"] == [-1, 3, 8, 8], "tritonclient: metadata")
    expect(client.get_model_config("pair")["max_batch_size"] > 0, "tritonclient: config")
    expect(client.get_inference_statistics()["model_stats"][0]["name"] == "pair", "tritonclient: statistics")
    expect(client.get_system_shared_memory_status() == [], "tritonclient: shared memory")
    expect(client.get_log_settings() and client.get_trace_settings(), "tritonclient: settings")
    found = client.infer("pair", [photographs()]).as_numpy("probabilities")
    expect(near(found, expected), f"tritonclient: {found} in place of {expected}")

    images = np.random.default_rng(0).standard_normal((3, 3, 8, 8)).astype(np.float32)
    first = client.infer("pair", [tensor(images)]).as_numpy("probabilities")
    chosen = [
        None, [triton.InferRequestedOutput("probabilities", binary_data=False)],
        [triton.InferRequestedOutput("members"), triton.InferRequestedOutput("probabilities")],
    ]
    codings = (None, "gzip", "deflate")
    for binary, outputs, there, back in itertools.product((True, False), chosen, codings, codings):
        answer = client.infer(
            "pair", [tensor(images, binary)], outputs=outputs, request_id="mine", priority=1, timeout=60_000_000,
            request_compression_algorithm=there, response_compression_algorithm=back)
        expect(answer.get_response()["id"] == "mine", "tritonclient: the request's id")
        expect(near(answer.as_numpy("probabilities"), first), f"tritonclient: {binary}, {outputs}, {there}, {back}")
    best = client.infer(
        "pair", [tensor(images)], outputs=[triton.InferRequestedOutput("probabilities", class_count=2)])
    expect(best.as_numpy("probabilities").shape == (3, 2), "tritonclient: classification")

    status, text = refusal(lambda: client.infer("other", [tensor(images)]))
    expect(status == "404" and "other" in text, f"tritonclient: {status} {text}")
    status, text = refusal(lambda: client.infer("pair", [tensor(images[:, :2].copy())]))
    expect(status == "400" and "images" in text, f"tritonclient: {status} {text}")
    status, text = refusal(lambda: client.register_system_shared_memory("a", "/a", 1))
    expect(status == "501", f"tritonclient: {status} {text}")

    client.unload_model("pair")
    expect(not client.is_model_ready("pair"), "tritonclient: ready after unload")
    client.load_model("pair")
    expect(client.get_model_repository_index()[0]["state"] == "READY", "tritonclient: repository")


async def try_triton_aio(server, expected):
    async with triton_aio.InferenceServerClient(server.address) as client:
        expect(await client.is_server_ready(), "tritonclient.aio: not ready")
        await client.get_model_metadata("pair")
        await client.get_model_config("pair")
        await client.get_inference_statistics()
        answers = await asyncio.gather(*[client.infer("pair", [photographs()]) for _ in range(50)])
        expect(all(near(answer.as_numpy("probabilities"), expected) for answer in answers), "tritonclient.aio")
        many = np.zeros((300, 3, 8, 8), np.float32)
        answer = await client.infer("pair", [tensor(many)])
        expect(answer.as_numpy("probabilities").shape == (300, 5), "tritonclient.aio: a large answer")
        try:
            await client.infer("other", [photographs()])
        except triton.InferenceServerException as error:
            expect("other" in error.message(), f"tritonclient.aio: {error}")


async def try_kserve(server):
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    url = f"http://{server.address}"
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    expect(await client.is_server_live(url) and await client.is_server_ready(url), "kserve: not live or not ready")
    expect(await client.is_model_ready(url, "pair"), "kserve: model not ready")
    images = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    found = []
    for binary in (False, True):
        given = InferInput("images", list(images.shape), "FP32")
        given.set_data_from_numpy(images, binary_data=binary)
        answer = await client.infer(url, InferRequest("pair", [given]), model_name="pair")
        found.append(answer.outputs[0].as_numpy())
    expect(near(found[0], found[1]), "kserve: binary and JSON differ")
    try:
        await client.infer(url, InferRequest("other", [given]), model_name="other")
    except Exception as error:  # httpx's, whose text has ours
        expect("unknown model 'other'" in str(error), f"kserve: {error}")
    await client.close()


def try_mlserver(server):
    lines = [
        {"id": f"request-{number}", "inputs": [{
            "name": "images", "datatype": "FP32", "shape": [1, 3, 8, 8], "data": [number / 20] * 192}]}
        for number in range(20)]
    with open(f"{server.directory}/in", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    subprocess.run(
        [f"{os.path.dirname(sys.executable)}/mlserver", "infer", "-u", server.address, "-m", "pair", "-i", "in",
         "-o", "out", "-w", "4"], cwd=server.directory, check=True, capture_output=True, timeout=120)
    with open(f"{server.directory}/out", encoding="utf-8") as file:
        answers = {answer["id"]: answer for answer in map(json.loads, file)}
    expect(set(answers) == {line["id"] for line in lines}, f"mlserver: answers to {sorted(answers)}")
    sums = [sum(answer["outputs"][0]["data"]) for answer in answers.values()]
    expect(max(abs(total - 1) for total in sums) < 1e-5, "mlserver: probabilities")


def try_curl(server, expected):
    for options in (["-H", "Content-Type: image/jpeg"], []):
        for path, right in zip(PHOTOS, expected):
            said = subprocess.run(
                ["curl", "-sS", "--fail", *options, "--data-binary", f"@{path}",
                 f"http://{server.address}/v2/models/pair/infer"], check=True, capture_output=True)
            outputs = {output["name"]: output["data"] for output in json.loads(said.stdout)["outputs"]}
            expect(near(np.array(outputs["probabilities"]), right), "curl: probabilities")


def main():
    left_out = [name for name in ("kserve", "mlserver") if importlib.util.find_spec(name) is None]
    tried = ["curl", "tritonclient", "tritonclient.aio"]
    with Server(sys.argv[1]) as server:
        expected = server.predictions()
        try_curl(server, expected)
        try_triton(server, expected)
        asyncio.run(try_triton_aio(server, expected))
        if "kserve" not in left_out:
            asyncio.run(try_kserve(server))
            tried.append("kserve")
        if "mlserver" not in left_out:
            try_mlserver(server)
            tried.append("mlserver")
    rest = f"; not installed: {', '.join(left_out)}" if left_out else ""
    print(f"Clients answered as consort predict does: {', '.join(tried)}{rest}")


if __name__ == "__main__":
    main()
