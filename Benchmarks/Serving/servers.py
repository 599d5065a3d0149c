"""Starts the servers that are compared, and stops them."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def status(port, path, host="127.0.0.1", method="GET", body=None, headers={}, timeout=60):
    """The status and the body of an answer; 0 where there is none."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


class Server:
    """A server that runs, and where it is asked."""

    def __init__(self, process, port, model, bodies, log, host="127.0.0.1"):
        self.process, self.port, self.bodies, self.log, self.host = process, port, bodies, log, host
        self.path = f"/v2/models/{model}/infer"
        self.model = model

    def wait(self, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if status(self.port, f"/v2/models/{self.model}/ready", self.host, timeout=5)[0] == 200:
                return self
            time.sleep(0.02)
        with open(self.log) as log:
            raise SystemExit(f"the server does not start:\n{log.read()[-3000:]}")

    def resident(self):
        """KiB of memory, of the process itself."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def processor_seconds(self):
        """Of the process and the children that it has."""
        children = [self.process.pid]
        for pid in children:
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                    children += [int(child) for child in file.read().split()]
        ticks = 0
        for pid in children:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
                ticks += sum(int(field) for field in file.read().rsplit(")", 1)[1].split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self, signal_number=signal.SIGINT):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal_number)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


@contextlib.contextmanager
def running(server):
    try:
        yield server
    finally:
        server.stop()


def start(command, log, environment={}, directory=None):
    with open(log, "w") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=directory,
                                start_new_session=True, env={**os.environ, **environment})


class Place:
    """The folder of models and requests, and the programs."""

    def __init__(self, options, consort):
        self.folder, self.consort = os.path.abspath(options.work), consort
        self.cifar10, self.photographs = os.path.abspath(options.cifar10), os.path.abspath(options.images)
        self.triton_python, self.mlserver_python = options.triton_python, options.mlserver_python
        self.open_loop, self.pauses = self.path("open_loop"), self.path("pauses")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def prepare(self):
        """Writes models and requests, where that was not done before."""
        if os.path.exists(self.path(".complete")):
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        for program in (self.open_loop, self.pauses):
            source = os.path.join(HERE, os.path.basename(program) + ".c")
            subprocess.run(["cc", "-O2", "-pthread", source, "-o", program, "-lm"], check=True)

        def make(*arguments):
            return subprocess.run([self.triton_python, os.path.join(HERE, "make_models.py"), arguments[0], self.folder,
                                   *arguments[1:]], check=True, stdout=subprocess.PIPE).stdout

        make("models")
        make("bodies", self.cifar10)
        make("photographs", "cifar-files", os.path.join(self.cifar10, "test"))
        make("photographs", "photograph-files", self.photographs)
        with open(self.path("decision.json"), "wb") as file:
            file.write(make("thresholds", self.cifar10, "0.7", "0.2", "0.1"))
        eight = [f"wide-resnet-16-1-{index}" for index in range(8)]
        for name, members, how in (
                ("one", eight[:1], []), ("pair", eight[:2], []), ("eight", eight, []), ("tiny", ["tiny-0", "tiny-1"], []),
                ("photographs", ["photographs-0"], ["--resize", "256"]),
                ("cascade", [eight[0], "wide-resnet-16-2-0", "wide-resnet-16-4-0"], ["--decision", self.path("decision.json")])):
            subprocess.run([self.consort, "build-ensemble", *[self.path(member + ".onnx") for member in members], "--out",
                            self.path(name), "--mean", "0.4914,0.4822,0.4465", "--std", "0.247,0.243,0.261", *how],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        make("answers", self.cifar10, self.path("pair.reference"), *eight[:2])
        open(self.path(".complete"), "w").close()

    def manifest(self, model):
        with open(self.path(model, "ensemble.json")) as file:
            return json.load(file)

    def consort_server(self, model, *arguments, bodies="images", prefix=(), host="127.0.0.1", port=None):
        port = port or free_port()
        log = self.path(f"consort-{port}.log")
        command = [*prefix, self.consort, "serve", f"{model}={self.path(model)}", "--host", host, "--port", str(port), *arguments]
        return Server(start(command, log), port, model, self.path(bodies + ".bodies"), log, host)

    def plan(self, model, choice):
        manifest = self.manifest(model)
        cascade = manifest.get("cascade")
        return {"PLAN": json.dumps({
            "members": [self.path(model, member["file"]) for member in manifest["members"]],
            "thresholds": cascade and cascade["confidenceThresholds"], "memberThreads": 1, "spins": True,
            "executorThreads": 0, **choice})}

    def triton_server(self, model, choice):
        """Triton as pytriton brings it, with its Python backend alone: pytriton's own proxy would add a copy and a hop."""
        site = subprocess.run([self.triton_python, "-c", "import pytriton; print(pytriton.__path__[0])"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()
        version = subprocess.run([self.triton_python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.strip()
        backend = self.path("triton", "backends", "python")
        if not os.path.exists(backend):
            shutil.copytree(os.path.join(site, "tritonserver", "backends", "python"), backend)
            shutil.copy(os.path.join(site, "tritonserver", "python_backend_stubs", version, "triton_python_backend_stub"), backend)
        repository = self.path("triton", "models")
        shutil.rmtree(repository, ignore_errors=True)
        os.makedirs(os.path.join(repository, model, "1"))
        for source, target in (("triton_model.py", "model.py"), ("numpy_members.py", "numpy_members.py")):
            shutil.copy(os.path.join(HERE, source), os.path.join(repository, model, "1", target))
        with open(os.path.join(repository, model, "config.pbtxt"), "w") as file:
            file.write(f"""backend: "python"
max_batch_size: {choice["batch"]}
input {{ name: "images" data_type: TYPE_FP32 dims: [3, 32, 32] }}
output {{ name: "probabilities" data_type: TYPE_FP32 dims: [10] }}
instance_group {{ count: {choice["instances"]} kind: KIND_CPU }}
dynamic_batching {{ max_queue_delay_microseconds: 0 }}
""")
        port, log = free_port(), self.path("triton.log")
        command = [os.path.join(site, "tritonserver", "bin", "tritonserver"), "--model-repository", repository,
                   "--backend-directory", self.path("triton", "backends"), "--http-address", "127.0.0.1",
                   "--http-port", str(port), "--allow-grpc", "false", "--allow-metrics", "false",
                   "--http-thread-count", str(choice.get("networkThreads", 8))]
        # The backend's interpreter looks for its packages where the first `python3` of the path has them.
        environment = {**self.plan(model, choice), "PATH": f"{os.path.dirname(self.triton_python)}:{os.environ['PATH']}",
                       "LD_LIBRARY_PATH": os.path.join(os.path.dirname(site), "nvidia_pytriton.libs")}
        return Server(start(command, log, environment), port, model, self.path("images.bodies"), log)

    def mlserver(self, model, choice):
        folder = self.path("mlserver")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        port, log = free_port(), self.path("mlserver.log")
        with open(os.path.join(folder, "settings.json"), "w") as file:
            json.dump({"debug": False, "host": "127.0.0.1", "http_port": port, "grpc_port": free_port(),
                       "metrics_endpoint": None, "parallel_workers": choice["workers"], "gzip_enabled": False,
                       "use_structured_logging": False}, file)
        batching = {"max_batch_size": choice["batch"], "max_batch_time": choice["wait"]} if choice["batch"] else {}
        with open(os.path.join(folder, "model-settings.json"), "w") as file:
            json.dump({"name": model, "implementation": "mlserver_runtime.Runtime", **batching}, file)
        command = [os.path.join(os.path.dirname(self.mlserver_python), "mlserver"), "start", folder]
        environment = {**self.plan(model, choice), "PYTHONPATH": HERE}
        return Server(start(command, log, environment, folder), port, model, self.path("base64.bodies"), log)
