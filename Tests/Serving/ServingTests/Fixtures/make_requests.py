#!/usr/bin/env python3
"""make_requests.py triton|kserve|mlserver: writes requests-CLIENT.json, what real clients send; with triton, answers.json too.

Each client sends its requests to a recorder on this machine, which keeps headers and body as they came. Beside them stands what
must be read out of them: each tensor's name, type, shape and bytes (little-endian; for BYTES a list of elements).

answers.json holds bodies as Consort writes them, which this script has decoded with tritonclient and kserve before it keeps them.

Made with Python 3.11, tritonclient 2.73.0, kserve 0.21.0 and, in an environment of its own, mlserver 1.7.1; numpy 2.4.6, ml_dtypes 0.5.4.
"""
import asyncio
import base64
import http.server
import json
import os
import sys
import threading

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = ("inference-header-content-length", "content-encoding", "content-type", "accept-encoding")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082")


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = []

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() in KEPT}
        Recorder.requests.append((headers, body))
        answer = b'{"id":"0","model_name":"m","model_version":"1","outputs":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def record(send):
    """The headers and body that `send(port)` makes its client send."""
    Recorder.requests.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        send(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
    (request,) = Recorder.requests
    return request


def tensor(name, datatype, array):
    """What is to be read."""
    array = np.asarray(array)
    if datatype == "BYTES":
        data = [base64.b64encode(x if isinstance(x, bytes) else str(x).encode()).decode() for x in array.ravel()]
    else:
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "data": data}


def case(name, recorded, tensors, **expected):
    headers, body = recorded
    return {
        "name": name, "headers": headers, "body": base64.b64encode(body).decode(), "inputs": tensors,
        "id": None, "outputs": [], "timeout": None, "priority": 0, "binaryOutputs": False, **expected}


def output(name, binary=None, classes=None):
    return {"name": name, "binary": binary, "classes": classes}


def write(name, content):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


IMAGES = (np.arange(2 * 3 * 2 * 2, dtype=np.float32) / 7 - 1).reshape(2, 3, 2, 2)
ODD = np.array([[0.1, -0.0, 1e-45, 3.4028235e38], [1 / 3, 16777217.0, 1.17549435e-38, -2.5e-7]], np.float32)
TEXTS = np.array(["", "ä", "line\nend \"quoted\" \\ /", "日本\U0001f600"], object)
INTEGERS = {
    "INT8": np.array([-128, 127], np.int8), "INT16": np.array([-32768, 32767], np.int16),
    "INT32": np.array([-2**31, 2**31 - 1], np.int32), "INT64": np.array([-2**63, 2**63 - 1], np.int64),
    "UINT8": np.array([0, 255], np.uint8), "UINT16": np.array([0, 65535], np.uint16),
    "UINT32": np.array([0, 2**32 - 1], np.uint32), "UINT64": np.array([0, 2**64 - 1], np.uint64),
}
DOUBLES = np.array([0.1, 5e-324, 1.7976931348623157e308, -1 / 3])
BOOLS = np.array([True, False, True])
HALVES = np.array([[1.5, -0.1]], np.float16)


def triton():
    import ml_dtypes
    import tritonclient.http as client
    import tritonclient.http.aio as asynchronous

    def given(name, datatype, array, binary):
        value = client.InferInput(name, list(array.shape), datatype)
        return value.set_data_from_numpy(array, binary_data=binary) or value

    def send(tensors, outputs=None, **options):
        def run(port):
            with client.InferenceServerClient(f"127.0.0.1:{port}") as server:
                server.infer("m", tensors, outputs=outputs, **options)
        return record(run)

    def send_asynchronously(tensors, **options):
        async def run(port):
            async with asynchronous.InferenceServerClient(f"127.0.0.1:{port}") as server:
                await server.infer("m", tensors, **options)
        return record(lambda port: asyncio.run(run(port)))

    encoded = np.array([PNG, b"\xff\xd8\xff\x00", b""], object)
    numbers = [(f"x_{name}", name, array) for name, array in INTEGERS.items()]
    numbers += [("d", "FP64", DOUBLES), ("b", "BOOL", BOOLS), ("o", "FP32", ODD)]
    bfloats = np.array([1.0, -2.5, 3.140625], ml_dtypes.bfloat16)
    cases = [
        case("binary, all outputs", send([given("x", "FP32", IMAGES, True)]), [tensor("x", "FP32", IMAGES)],
             binaryOutputs=True),
        case("JSON, id, priority and timeout",
             send([given("x", "FP32", IMAGES, False)], request_id="7", priority=2, timeout=1500),
             [tensor("x", "FP32", IMAGES)], id="7", priority=2, timeout=1500, binaryOutputs=True),
        case("JSON, each type", send([given(*x, False) for x in numbers]), [tensor(*x) for x in numbers],
             binaryOutputs=True),
        case("binary, each type", send([given(*x, True) for x in numbers + [("h", "FP16", HALVES)]]),
             [tensor(*x) for x in numbers + [("h", "FP16", HALVES)]], binaryOutputs=True),
        case("BF16", send([given("x", "BF16", bfloats, True)]), [tensor("x", "BF16", bfloats)], binaryOutputs=True),
        case("JSON and binary in turn",
             send([given("a", "FP32", ODD, True), given("b", "INT64", INTEGERS["INT64"], False),
                   given("c", "BYTES", encoded, True), given("d", "BYTES", TEXTS, False)]),
             [tensor("a", "FP32", ODD), tensor("b", "INT64", INTEGERS["INT64"]), tensor("c", "BYTES", encoded),
              tensor("d", "BYTES", TEXTS)], binaryOutputs=True),
        case("no elements", send([given("x", "FP32", np.zeros((0, 3), np.float32), True)]),
             [tensor("x", "FP32", np.zeros((0, 3), np.float32))], binaryOutputs=True),
        case("outputs named",
             send([given("x", "FP32", IMAGES, True)],
                  outputs=[client.InferRequestedOutput("p", binary_data=True),
                           client.InferRequestedOutput("label", binary_data=False),
                           client.InferRequestedOutput("q", binary_data=False, class_count=3)]),
             [tensor("x", "FP32", IMAGES)],
             outputs=[output("p", True), output("label", False), output("q", False, 3)]),
        case("gzip", send([given("x", "FP32", IMAGES, True)], request_compression_algorithm="gzip",
                          response_compression_algorithm="gzip"), [tensor("x", "FP32", IMAGES)], binaryOutputs=True),
        case("deflate", send([given("x", "FP32", IMAGES, False)], request_compression_algorithm="deflate",
                             response_compression_algorithm="deflate"), [tensor("x", "FP32", IMAGES)],
             binaryOutputs=True),
        case("parameters", send([given("x", "FP32", IMAGES, True)],
                                parameters={"all_members": True, "max_stages": 2, "note": "n"}),
             [tensor("x", "FP32", IMAGES)], binaryOutputs=True, stages=2, allMembers=True),
        case("asynchronous", send_asynchronously([given("x", "FP32", IMAGES, True)], request_id="a"),
             [tensor("x", "FP32", IMAGES)], id="a", binaryOutputs=True),
    ]
    write("requests-triton.json", cases)


def kserve():
    import kserve as client
    from kserve.protocol.infer_type import RequestedOutput

    def given(name, datatype, array, binary):
        value = client.InferInput(name, list(array.shape), datatype)
        value.set_data_from_numpy(array, binary_data=binary)
        return value

    def send(tensors, **options):
        async def run(port):
            server = client.InferenceRESTClient(client.RESTConfig(protocol="v2"))
            await server.infer(f"http://127.0.0.1:{port}", client.InferRequest("m", tensors, **options), model_name="m")
        return record(lambda port: asyncio.run(run(port)))

    outputs = [RequestedOutput("p", {"binary_data": True}), RequestedOutput("label", {"binary_data": False})]
    encoded = np.array([PNG, b"\xff\xd8\xff\x00"], object)
    cases = [
        case("JSON", send([given("x", "FP32", IMAGES, False)], request_id="k"), [tensor("x", "FP32", IMAGES)], id="k"),
        case("binary", send([given("x", "FP32", IMAGES, True), given("i", "BYTES", encoded, True),
                             given("h", "FP16", HALVES, True)], request_id="k"),
             [tensor("x", "FP32", IMAGES), tensor("i", "BYTES", encoded), tensor("h", "FP16", HALVES)], id="k"),
        case("texts and outputs", send([given("t", "BYTES", TEXTS, False)], request_id="k", request_outputs=outputs,
                                       parameters={"timeout": 20000}),
             [tensor("t", "BYTES", TEXTS)], id="k", timeout=20000,
             outputs=[output("p", True), output("label", False)]),
    ]
    write("requests-kserve.json", cases)


def mlserver():
    from mlserver import codecs, types

    def body(*inputs, **options):
        # As mlserver's own client serialises it: mlserver.cli.infer_client.
        request = types.InferenceRequest(inputs=list(inputs), **options)
        return {"content-type": "application/json"}, json.dumps(request.model_dump(exclude_none=True)).encode()

    texts = [str(text) for text in TEXTS]
    cases = [
        case("NumPy", body(codecs.NumpyCodec.encode_input("x", IMAGES), id="m"), [tensor("x", "FP32", IMAGES)], id="m"),
        case("base64", body(codecs.Base64Codec.encode_input("i", [PNG, b"\x00\xff"], use_bytes=False)),
             [tensor("i", "BYTES", np.array([PNG, b"\x00\xff"], object).reshape(2, 1))]),
        case("strings", body(codecs.StringCodec.encode_input("t", texts, use_bytes=False),
                             outputs=[types.RequestOutput(name="p")]),
             [tensor("t", "BYTES", TEXTS.reshape(4, 1))], outputs=[output("p")]),
    ]
    write("requests-mlserver.json", cases)


def answers():
    import kserve as client
    from tritonclient.http import InferResult

    def entry(name, datatype, array, binary):
        head = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        flat = [x.decode() if isinstance(x, bytes) else x for x in array.ravel().tolist()]
        if datatype == "FP32":
            # The shortest digits of the float, as a double has them.
            flat = [float(str(x)) for x in array.ravel()]
        if not binary:
            return {**head, "data": flat}, b""
        data = array.tobytes()
        if datatype == "BYTES":
            data = b"".join(len(x).to_bytes(4, "little") + x for x in array.ravel())
        return {**head, "parameters": {"binary_data_size": len(data)}}, data

    def answer(name, outputs, parameters=None):
        entries = [entry(*x) for x in outputs]
        head = {"id": "7", "model_name": "m", "model_version": "1"}
        if parameters:
            head["parameters"] = parameters
        head["outputs"] = [x for x, _ in entries]
        text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
        tail = b"".join(x for _, x in entries)
        length = len(text) if any(binary for *_, binary in outputs) else None
        check(text + tail, length, outputs)
        return {"name": name, "headerLength": length, "body": base64.b64encode(text + tail).decode()}

    def check(body, length, outputs):
        triton_result = InferResult.from_response_body(body, header_length=length)
        kserve_result = (client.InferResponse.from_rest(json.loads(body)) if length is None
                         else client.InferResponse.from_bytes(body, length))
        assert kserve_result.id == "7" and triton_result.get_response()["model_version"] == "1"
        for name, datatype, array, binary in outputs:
            ours = triton_result.as_numpy(name)
            if datatype == "BYTES":
                ours = np.array([x if isinstance(x, bytes) else x.encode() for x in ours.ravel()], object)
                ours = ours.reshape(array.shape)
            theirs = kserve_result.get_output_by_name(name).as_numpy()
            if datatype == "BYTES":
                theirs = np.array([x if isinstance(x, bytes) else str(x).encode() for x in theirs.ravel()], object)
                theirs = theirs.reshape(array.shape)
            for decoded in (ours, theirs):
                assert decoded.dtype == array.dtype and np.array_equal(decoded, array), (name, decoded, array)

    odd = np.array([[0.1, 1 / 3, 1e-7], [16777216, 1.5, 0]], np.float32)
    labels = np.array([3, -1], np.int64)
    texts = np.array([["0.500000:1:dog".encode(), b"0.250000:0:caf\xc3\xa9"]], object)
    write("answers.json", [
        answer("JSON", [("p", "FP32", odd, False), ("label", "INT64", labels, False)]),
        answer("binary", [("p", "FP32", odd, True), ("label", "INT64", labels, True)]),
        answer("both, in order", [("label", "INT64", labels, True), ("t", "BYTES", texts, False),
                                  ("p", "FP32", odd, True), ("u", "BYTES", texts, True)],
               {"degraded": True, "missing": "a"}),
        answer("no elements", [("p", "FP32", np.zeros((0, 3), np.float32), True)]),
    ])


if __name__ == "__main__":
    for argument in sys.argv[1:] or sys.exit(__doc__):
        {"triton": triton, "kserve": kserve, "mlserver": mlserver, "answers": answers}[argument]()
