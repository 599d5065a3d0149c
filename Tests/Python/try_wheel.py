#!/usr/bin/env python3
"""try_wheel.py WHEEL [--train DEPS | --train pip] [--demo]: the wheel in a fresh environment, where no PATH but its own is set.

Installs it with what it depends on, and runs report, build-ensemble, predict, serve and the Python package; without libtorch training says
what to install. --train links libtorch out of DEPS (a checkout's .deps) into the environment, or installs it with pip, and trains;
--demo runs `consort demo`. Prints how long each took.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = [str(ROOT / f"Tests/Engines/InferenceTests/Fixtures/{name}.onnx") for name in ("logits", "softmax")]
PHOTOS = [str(ROOT / f"Tests/Data/DatasetsTests/Fixtures/{name}") for name in ("photo-small.jpg", "photo-wide.jpg", "rgb.png")]
MEMBERS = ["large", "small-0", "small-1"]
WRITING = f"""
import consort, numpy
for split, images in (("hold-out", 200), ("test", 300)):
    generator = numpy.random.default_rng(images)
    labels = generator.integers(0, 5, images)
    for place, name in enumerate({MEMBERS!r}):
        scores = generator.normal(0, 1, (images, 5)) + (3.5 - place) * numpy.eye(5)[labels]
        consort.save_predictions(f"predictions/{{split}}/{{name}}.safetensors", scores, labels, outputs="logits", name=name,
                                 split=split, macs=3_000_000 // (place + 1))
"""


def expect(holds, what):
    if not holds:
        sys.exit(f"try_wheel: {what}")


class Environment:
    """A virtual environment, and commands in it that see its programs alone."""

    def __init__(self, place):
        self.place = place
        subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
        self.bin = place / "venv/bin"
        (self.packages,) = (place / "venv/lib").glob("python*/site-packages")

    def variables(self):
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        return {**kept, "PATH": str(self.bin), "HOME": str(self.place)}

    def pip(self, *words):
        subprocess.run([self.bin / "pip", "install", "-q", "--disable-pip-version-check", *words], check=True)

    def run(self, *words, status=0):
        start = time.monotonic()
        done = subprocess.run(
            [self.bin / words[0], *words[1:]], env=self.variables(), cwd=self.place, capture_output=True, text=True)
        expect(done.returncode == status, f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
        print(f"  {time.monotonic() - start:6.2f} s  {' '.join(str(word).removeprefix(str(self.place) + '/') for word in words)[:110]}", flush=True)
        return done.stdout if status == 0 else done.stderr


def try_files(wheel):
    """What an installer relies on, and what others need to know of the libraries."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        texts = {name: archive.read(name).decode() for name in names if name.endswith(("/METADATA", "/WHEEL", "/RECORD"))}
    expect(wheel.stat().st_size < 60 * 2**20, f"the wheel has {wheel.stat().st_size / 2**20:.1f} MiB")
    expect(all(modes[f"consort/bin/{name}"] & 0o111 for name in ("consort", "consort-train")), "the programs may not be run")
    expect("consort/py.typed" in names, "py.typed is missing")
    carried = [name for name in names if name.startswith("consort.libs/")]
    licensed = [name for name in names if re.search(r"dist-info/licenses/.+/(copyright|LICENSE.txt)$", name)]
    expect(carried and len(licensed) > 1, f"{len(carried)} libraries are carried, with {len(licensed)} licences")
    expect(not any(re.search(r"lib(torch|openvino|c10)", name) for name in carried), "libraries of other wheels are carried")
    (description,) = [text for name, text in texts.items() if name.endswith("METADATA")]
    pins = dict(re.findall(r"^([a-z-]+)==([0-9.a-z]+)", (ROOT / "scripts/requirements-cpu.txt").read_text(), re.M))
    for line in (f"Requires-Dist: openvino=={pins['openvino']}", f"Requires-Dist: torch=={pins['torch']}; extra == 'train'"):
        expect(line in description, f"METADATA lacks '{line}'")
    (record,) = [text for name, text in texts.items() if name.endswith("RECORD")]
    expect({line.split(",")[0] for line in record.splitlines()} == set(names), "RECORD does not list what is there")


def try_programs(environment):
    version = environment.run("consort", "--version")
    expect(re.fullmatch(r"consort [0-9.]+\n", version), f"the version is {version!r}")
    expect("wide-resnet-16-1" in environment.run("consort", "cost", "wide-resnet-16-1"), "cost says nothing")
    environment.run("python", "-c", WRITING)
    sources = [f"predictions/{split}/{name}.safetensors" for split in ("hold-out", "test") for name in MEMBERS]
    environment.run("consort", "report", *sources, "--no-latency", "--max-members", "2", "--max-stages", "2", "--out", "report")
    expect("<svg" in (environment.place / "report/tradeoff.svg").read_text(), "the report has no chart")
    environment.run("consort", "build-ensemble", *MODELS, "--out", "built", "--mean", "imagenet", "--std", "imagenet", "--resize", "9")
    said = json.loads(environment.run("consort", "predict", "built", *PHOTOS, "--json"))["predictions"]
    expect(len(said) == len(PHOTOS), "predict does not answer for each image")
    for words in (["manual"], ["completion", "bash"]):
        environment.run("consort", *words)
    expect((environment.place / "venv/share/man/man1/consort.1").exists(), "the manual page is not installed")
    return said


def try_server(environment):
    """Serves, and ends by SIGTERM with status 0: the process that pip's command started is the server."""
    process = subprocess.Popen(
        [environment.bin / "consort", "serve", "built", "--port", "0"], env=environment.variables(), cwd=environment.place,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found:
            break
    else:
        sys.exit(f"try_wheel: the server does not start: {''.join(lines)}")
    with urllib.request.urlopen(f"http://127.0.0.1:{found.group(1)}/v2/health/ready") as answer:
        expect(answer.status == 200, "the server is not ready")
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=60)[0]
    expect(process.returncode == 0, f"the server ends with {process.returncode}: {output}")


def try_package(environment, said):
    environment.pip("pillow==13.0.0")
    text = f"""
import json, sys, time
start = time.perf_counter(); import consort; took = time.perf_counter() - start
answers = consort.Ensemble("built").predict({PHOTOS!r})
decision = consort.decide("predictions/hold-out", "predictions/test", max_members=2, max_stages=2, out="decided")
try:
    consort.decide("predictions/hold-out", "predictions/test", max_cost="cheap", out="no")
except consort.ProgramError as error:
    refusal = str(error)
print(json.dumps([took, answers.probabilities.max(1).tolist(), decision.members, refusal]))
"""
    took, probabilities, members, refusal = json.loads(environment.run("python", "-c", text))
    print(f"  import consort: {1000 * took:.1f} ms")
    for ours, theirs in zip(probabilities, said, strict=True):
        expect(abs(ours - theirs["classes"][0]["probability"]) <= 1e-6, f"{ours}, and consort predict says {theirs}")
    expect(members and "--max-cost is a number above 0" in refusal, f"decide gives {members}, and refuses with {refusal}")


def try_training(environment, how, has_demo):
    error = environment.run("consort", "demo", status=1)
    expect("pip install 'consort[train]'" in error, f"without libtorch it says {error}")
    start = time.monotonic()
    if how == "pip":
        environment.pip(f"torch=={re.search(r'^torch==([0-9.]+)', (ROOT / 'scripts/requirements-cpu.txt').read_text(), re.M).group(1)}")
    else:
        for name in ("torch", "nvidia"):
            (environment.packages / name).symlink_to(pathlib.Path(how).resolve() / "python" / name)
    print(f"  {time.monotonic() - start:6.2f} s  libtorch, by {'pip' if how == 'pip' else 'links'}")
    if has_demo:
        environment.run("consort", "demo")
        expect((environment.place / "runs/demo/report/report.html").exists(), "the demo wrote no report")
        return
    for label, names in ("ada", ["photo-large.jpg", "photo-tall.jpg", "rgb.png"]), ("bob", ["photo-wide.jpg", "photo-small.jpg"]):
        for split in ("train", "test"):
            (environment.place / "photos" / split / label).mkdir(parents=True)
            for name in names:
                shutil.copy(ROOT / "Tests/Data/DatasetsTests/Fixtures" / name, environment.place / "photos" / split / label)
    (environment.place / "small.json").write_text(json.dumps({
        "name": "small", "data": {"imageSize": 12, "holdOut": 1}, "seed": 5,
        "members": [{"network": "wide-resnet-10-1", "count": 1}], "recipe": {"preset": "fast", "epochs": 1, "batchSize": 4}}))
    environment.run("consort", "train", "small.json", "--data", "photos", "--threads", "1", "--devices", "cpu")
    expect(list(environment.place.glob("runs/small/members/*/weights.safetensors")), "nothing was trained")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wheel", type=pathlib.Path)
    parser.add_argument("--train")
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    try_files(options.wheel)
    with tempfile.TemporaryDirectory() as place:
        environment = Environment(pathlib.Path(place).resolve())
        start = time.monotonic()
        environment.pip(options.wheel)
        print(f"  {time.monotonic() - start:6.2f} s  pip install {options.wheel.name}")
        said = try_programs(environment)
        try_server(environment)
        try_package(environment, said)
        if options.train:
            try_training(environment, options.train, options.demo)
        print(f"try_wheel: {options.wheel.name} ({options.wheel.stat().st_size / 2**20:.1f} MiB) works, in {time.monotonic() - start:.0f} s")


main()
