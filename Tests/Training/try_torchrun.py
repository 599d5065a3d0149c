#!/usr/bin/env python3
"""Trains a small experiment under torchrun, two agents of two processes each, and disturbs it.

    Tests/Training/try_torchrun.py --torchrun VENV/bin/torchrun [--consort .build/debug/consort]

Needs PyTorch 2.11.0 (pip install torch==2.11.0 numpy). One process is killed, so that torchrun starts all four again; the agents
are then stopped, and three processes end the run. The weights must have the bits of a run of one process.
"""
import argparse
import filecmp
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

MEMBERS = ["wide-resnet-10-1-0", "wide-resnet-10-1-1"]
EXPERIMENT = {
    "name": "tiny",
    "data": {"procedural": {"imageSize": 16, "trainCount": 1200, "testCount": 60, "seed": 3}, "holdOut": 60},
    "members": [{"network": "wide-resnet-10-1", "count": 2}],
    "recipe": {"preset": "fast", "epochs": 12, "batchSize": 32, "reproducible": True},
    "seed": 5,
}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def text(path):
    with open(path) as file:
        return file.read()


def wait_for(pattern, paths, processes):
    """Waits until one of the files has the pattern."""
    while not any(re.search(pattern, text(path)) for path in paths):
        if any(process.poll() is not None for process in processes):
            sys.exit("an agent ended:\n" + "\n".join(map(text, paths)))
        time.sleep(0.1)


def trainer_of_rank(rank, directory):
    """The process identifier of a trainer that works in the directory."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open(f"/proc/{name}/cmdline").read()
            variables = open(f"/proc/{name}/environ").read().split("\0")
            place = os.readlink(f"/proc/{name}/cwd")
        except OSError:
            continue
        if "consort-train" in command and f"RANK={rank}" in variables and place == directory:
            return int(name)
    sys.exit(f"there is no process of rank {rank}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torchrun", required=True)
    parser.add_argument("--consort", default=".build/debug/consort")
    options = parser.parse_args()
    consort, torchrun = os.path.abspath(options.consort), os.path.abspath(options.torchrun)
    with tempfile.TemporaryDirectory() as directory:
        directory = os.path.realpath(directory)
        with open(f"{directory}/tiny.json", "w") as file:
            json.dump(EXPERIMENT, file)
        train = [consort, "train", "tiny.json", "--threads", "1"]
        meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{free_port()}", "--rdzv-id", "tiny"]
        logs = [f"{directory}/agent-{number}.log" for number in range(2)]
        agents = []
        for log in logs:
            with open(log, "w") as file:
                agents.append(subprocess.Popen(
                    [torchrun, "--no-python", "--nnodes", "2", "--nproc-per-node", "2", "--max-restarts", "2"] + meeting
                    + train + ["--out", "together", "--checkpoint-every", "10steps"],
                    cwd=directory, stdout=file, stderr=subprocess.STDOUT))
        wait_for(r"epoch 3/12", logs, agents)
        os.kill(trainer_of_rank(3, directory), signal.SIGKILL)
        wait_for(r"goes on after epoch [23]", logs, agents)
        print("a process was killed, and torchrun has started all again")
        wait_for(r"epoch 5/12", logs, agents)
        for agent in agents:
            agent.send_signal(signal.SIGTERM)
        for agent in agents:
            agent.wait()
        output = "".join(map(text, logs))
        if "everything so far is saved" not in output or "next:" in output:
            sys.exit("the stop did not save:\n" + output)
        print("the agents were stopped, and the run is saved")
        subprocess.run([torchrun, "--no-python", "--nproc-per-node", "3"] + train + ["--out", "together"], cwd=directory,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(train + ["--out", "alone", "--jobs", "1"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
        for member in MEMBERS:
            files = [f"{directory}/{run}/members/{member}/weights.safetensors" for run in ("together", "alone")]
            if not filecmp.cmp(*files, shallow=False):
                sys.exit(f"{member} has other weights than in one process")
        print("three processes have ended it, with the bits of one process")


if __name__ == "__main__":
    main()
