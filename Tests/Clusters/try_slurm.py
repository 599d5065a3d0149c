#!/usr/bin/env python3
"""try_slurm.py CONSORT [WORKERS]: a training on a real Slurm, one of whose workers is told that its time is over.

    apt-get install slurm-wlm munge
    python3 Tests/Clusters/try_slurm.py .build/release/consort

Starts a cluster of two nodes on this machine (slurm_two_nodes), submits an array by `consort submit slurm --submit`, sends task
0 what Slurm sends before a time limit, and waits until all is trained: about four minutes, of which Slurm waits two before it
starts a task again. Needs root. Not in .ci/run, for that and for its time.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENT = {
    "name": "tiny", "data": {"procedural": {"imageSize": 16, "trainCount": 640, "testCount": 64}, "holdOut": 64},
    "members": [{"network": "wide-resnet-16-1", "count": 4}], "recipe": {"preset": "fast", "epochs": 40}}


def expect(condition, what):
    if not condition:
        sys.exit(f"try_slurm: {what}")


def wait(condition, what, seconds=420):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.5)
    sys.exit(f"try_slurm: {what}, after {seconds} s")


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def states(job, environment):
    """Of each task, its state and how often it was started again."""
    shown = subprocess.run(["scontrol", "show", "job", job, "--oneliner"], env=environment, capture_output=True, text=True).stdout
    found = {}
    for line in shown.splitlines():
        task, restarts, state = (re.search(rf"\b{key}=(\w+)", line) for key in ("ArrayTaskId", "Restarts", "JobState"))
        if task and restarts and state:
            found[int(task[1])] = (state[1], int(restarts[1]))
    return found


def train(consort, workers, directory, environment):
    with open(f"{directory}/tiny.json", "w") as file:
        json.dump(EXPERIMENT, file)
    submitted = subprocess.run(
        [consort, "submit", "slurm", "tiny.json", "--workers", str(workers), "--cpus-per-worker", "1", "--time", "00:30:00",
         "--submit"], cwd=directory, env=environment, capture_output=True, text=True)
    expect(submitted.returncode == 0, submitted.stderr)
    job = re.search(r"Submitted batch job (\d+)", submitted.stdout)
    expect(job, submitted.stdout)
    log = f"{directory}/tiny-{job[1]}_0.log"
    wait(lambda: "epoch 2/" in read(log), "task 0 does not train")
    subprocess.run(["scancel", "--signal=USR1", "--batch", f"{job[1]}_0"], env=environment, check=True)
    wait(lambda: "goes back into the queue" in read(log), "task 0 is not put back")
    expect("stopped; everything so far is saved" in read(log), read(log))
    wait(lambda: len(found := states(job[1], environment)) == workers
         and all(state == "COMPLETED" for state, _ in found.values()), "not all tasks are done")
    expect(states(job[1], environment)[0] == ("COMPLETED", 1), states(job[1], environment))
    # What it let go of is any worker's.
    logs = [read(f"{directory}/tiny-{job[1]}_{task}.log") for task in range(workers)]
    expect(any("goes on after epoch" in text for text in logs), "no task went on from what was saved")
    status = subprocess.run([consort, "status", "runs/tiny", "--json"], cwd=directory, capture_output=True, text=True)
    members = json.loads(status.stdout)["members"]
    expect([member["state"] for member in members] == ["complete"] * 4, status.stdout)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    cluster = f"{HERE}/slurm_two_nodes"
    with tempfile.TemporaryDirectory() as directory:
        started = subprocess.run([cluster, "start", f"{directory}/cluster"], stdout=subprocess.PIPE, text=True)
        try:
            expect(started.returncode == 0, "there is no cluster")
            name, value = started.stdout.split(" ", 1)[1].strip().split("=", 1)
            environment = {**os.environ, name: value, "PATH": os.environ["PATH"] + ":/usr/sbin"}
            train(os.path.abspath(sys.argv[1]), workers, directory, environment)
        finally:
            subprocess.run([cluster, "stop", f"{directory}/cluster"])
    print(f"try_slurm: task 0 of {workers} was told that its time is over, put back, and went on; all members are trained")


main()
