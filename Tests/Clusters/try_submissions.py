#!/usr/bin/env python3
"""try_submissions.py CONSORT: what `consort submit` writes is what Kubernetes takes, and the Slurm script does what it says.

    python3 -m venv /tmp/submissions
    /tmp/submissions/bin/pip install kubernetes-validate==1.37.0 pyyaml
    /tmp/submissions/bin/python Tests/Clusters/try_submissions.py .build/debug/consort

Manifests pass kubernetes-validate, strictly. The batch script runs in bash with stand-ins for `consort`, `sbatch` and
`scontrol`, which take down what they are told; try_slurm.py does the same with a real Slurm. Linux only.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import kubernetes_validate
import yaml

VERSION = "1.34"
EXPERIMENT = {
    "name": "Tiny.Run", "data": {"procedural": {"imageSize": 8, "trainCount": 40, "testCount": 10}, "holdOut": 10},
    "members": [{"network": "wide-resnet-10-1", "count": 3}], "recipe": {"preset": "fast", "epochs": 1}}
# Waits for a signal, and ends with the status that SIGNALLED says; without one with STATUS.
WORKER = """#!/bin/bash
echo "$@" > arguments
[ -z "${STATUS:-}" ] || exit "$STATUS"
[ -n "${DEAF:-}" ] || for name in USR1 TERM; do trap "echo $name >> signals; sleep 0.3; exit $SIGNALLED" $name; done
touch ready
while :; do sleep 0.05; done
"""
RECORDER = '#!/bin/bash\necho "$0 $*" | sed "s:.*/::" >> commands\necho "said by $0" | sed "s:/.*/::"\nexit "${TAKES:-0}"\n'


def expect(condition, what):
    if not condition:
        sys.exit(f"try_submissions: {what}")


class Place:
    """A directory with an experiment and stand-ins."""

    def __init__(self, path, consort):
        self.path, self.consort = path, consort
        self.write("tiny.json", json.dumps(EXPERIMENT))
        for name, text in ("worker", WORKER), ("sbatch", RECORDER), ("scontrol", RECORDER), ("kubectl", RECORDER):
            self.write(name, text)
            os.chmod(f"{path}/{name}", 0o755)

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(text)

    def take(self, name):
        """The file's text, which is then gone; "" where there is none."""
        try:
            with open(f"{self.path}/{name}") as file:
                text = file.read()
        except FileNotFoundError:
            return ""
        os.remove(f"{self.path}/{name}")
        return text

    def submit(self, *arguments, path=None, **environment):
        environment = {**os.environ, "PATH": path or f"{self.path}:{os.environ['PATH']}", **environment}
        return subprocess.run([self.consort, "submit", *arguments], cwd=self.path, env=environment, capture_output=True, text=True)

    def run_script(self, name, send=None, **environment):
        """Runs a batch script as task 2 of the array 7; returns its status, what it printed and what was asked of Slurm."""
        environment = {**os.environ, "PATH": f"{self.path}:{os.environ['PATH']}", "SLURM_ARRAY_JOB_ID": "7",
                       "SLURM_ARRAY_TASK_ID": "2", **environment}
        script = subprocess.Popen(["bash", name], cwd=self.path, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        if send:
            while not os.path.exists(f"{self.path}/ready") and script.poll() is None:
                time.sleep(0.01)
            script.send_signal(send)
        output, _ = script.communicate()
        self.take("ready")
        return script.returncode, output, self.take("commands")


def try_kubernetes(place):
    for options in [], ["--gpus-per-worker", "2", "--time", "10:00:00", "--memory", "8", "--namespace", "teams", "--claim", "ours",
                        "--mount", "/data", "--image", "registry.example/consort:1", "--workers", "7", "--threads", "2"]:
        result = place.submit("kubernetes", "tiny.json", "--file", "job.yaml", *options)
        expect(result.returncode == 0, result.stderr)
        configuration, job = documents = list(yaml.safe_load_all(place.take("job.yaml")))
        for document in documents:
            kubernetes_validate.validate(document, VERSION, strict=True)
            expect(document["metadata"]["name"] == "tiny-run", document)
            expect(document["metadata"].get("namespace") == ("teams" if options else None), document)
        inner = json.loads(configuration["data"]["experiment.json"])
        expect(inner["name"] == "Tiny.Run" and inner["members"][0]["count"] == 3, inner)
        spec = job["spec"]
        expect(spec["completions"] == spec["parallelism"] == (7 if options else 3), spec)
        container = spec["template"]["spec"]["containers"][0]
        mount = "/data" if options else "/shared"
        expect(container["args"] == ["train", "/experiment/experiment.json", "--out", f"{mount}/runs/Tiny.Run"]
               + (["--threads", "2"] if options else []), container)
        expect(container["resources"]["limits"].get("nvidia.com/gpu") == (2 if options else None), container)
        expect(("fill in" in result.stdout) == (not options), result.stdout)
        rules = [(rule["action"], rule.get("onExitCodes", {}).get("values")) for rule in spec["podFailurePolicy"]["rules"]]
        expect(rules == [("Ignore", None), ("Ignore", [85, 143]), ("FailJob", [2]), ("FailIndex", [1, 3])], rules)
    result = place.submit("kubernetes", "tiny.json", "--out", "/elsewhere/run")
    expect(result.returncode == 2 and "is not in '/shared'" in result.stderr, result.stderr)
    result = place.submit("kubernetes", "tiny.json", "--submit", "--image", "it:1")
    expect(result.returncode == 0 and "said by kubectl" in result.stdout, result.stderr)
    expect(place.take("commands") == "kubectl apply -f Tiny.Run.yaml\n", "kubectl is not called as it should be")


def try_slurm_script(place):
    result = place.submit("slurm", "tiny.json", "--program", f"{place.path}/worker", "--time", "04:00:00", "--gpus-per-worker", "1",
                          "--partition", "fast", "--file", "tiny.slurm", "--checkpoint-every", "1epoch")
    expect(result.returncode == 0 and result.stdout.endswith("next: sbatch tiny.slurm\n"), result.stdout + result.stderr)
    with open(f"{place.path}/tiny.slurm") as file:
        lines = file.read().split("\n")
    for option in ("--array=0-2", "--requeue", "--open-mode=append", "--signal=B:USR1@120", "--time=04:00:00", "--gres=gpu:1",
                   "--partition=fast", f"--chdir={place.path}", "--output=Tiny.Run-%A_%a.log"):
        expect(f"#SBATCH {option}" in lines, f"{option} is missing")
    for status in 0, 1, 2, 3, 75, 85:
        expect(place.run_script("tiny.slurm", STATUS=str(status)) == (status, "", ""), f"the status {status} does not come through")
    with open(f"{place.path}/runs/Tiny.Run/token") as file:
        token = file.read().strip()
    expect(place.take("arguments") == f"train tiny.json --out runs/Tiny.Run --checkpoint-every 1epoch --run-token {token}\n",
           "wrong arguments")
    requeue = "scontrol requeue 7_2\n"
    for what, status, commands, options in [
            ("the notice is passed on, and the task put back", 85, requeue, {"send": signal.SIGUSR1, "SIGNALLED": "85"}),
            ("a notice before anything is saved puts it back", 138, requeue, {"send": signal.SIGUSR1, "DEAF": "1"}),
            ("one that is done is done", 0, "", {"send": signal.SIGUSR1, "SIGNALLED": "0"}),
            ("one that fails fails", 75, "", {"send": signal.SIGUSR1, "SIGNALLED": "75"}),
            ("after scancel nothing is put back", 85, "", {"send": signal.SIGTERM, "SIGNALLED": "85"}),
            ("not for ever", 85, "", {"send": signal.SIGUSR1, "SIGNALLED": "85", "SLURM_RESTART_COUNT": "100"})]:
        found = place.run_script("tiny.slurm", **options)
        expect((found[0], found[2]) == (status, commands), f"{what}: {found}")
        name = "USR1\n" if options["send"] == signal.SIGUSR1 else "TERM\n"
        expect(place.take("signals") == ("" if "DEAF" in options else name), f"{what}: the worker hears it once")


def try_submitting(place):
    result = place.submit("slurm", "tiny.json", "--submit")
    expect(result.returncode == 0 and "said by sbatch" in result.stdout, result.stdout + result.stderr)
    expect(place.take("commands") == "sbatch Tiny.Run.slurm\n", "sbatch is not called as it should be")
    result = place.submit("slurm", "tiny.json", "--submit", TAKES="1")
    expect(result.returncode == 1 and "'sbatch' did not take 'Tiny.Run.slurm' (status 1)" in result.stderr, result.stderr)
    result = place.submit("slurm", "tiny.json", "--submit", path="/nonexistent")
    expect(result.returncode == 1 and "cannot start 'sbatch' (No such file" in result.stderr, result.stderr)
    expect(place.take("Tiny.Run.slurm"), "the script is lost")


def try_names(place):
    for name in "a b", 'a"b', "a'b", "a\nb", "$(touch x)", "`x`", "a%j", "a\\b", "a;b", "a#b", "é\u2028":
        for cluster in "slurm", "kubernetes":
            for option in "--out", "--name", "--checkpoint-every":
                text = f"/shared/{name}" if option == "--out" else name
                result = place.submit(cluster, "tiny.json", f"{option}={text}", "--file", "job")
                expect(result.returncode == 2 and not os.path.exists(f"{place.path}/job"), f"{cluster} takes {option} {name!r}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as directory:
        place = Place(os.path.realpath(directory), os.path.abspath(sys.argv[1]))
        for trial in try_kubernetes, try_slurm_script, try_submitting, try_names:
            trial(place)
    print("try_submissions: the manifests are what Kubernetes takes, and the script does what it says")


main()
