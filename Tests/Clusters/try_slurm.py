#!/usr/bin/env python3
"""try_slurm.py CONSORT [WORKERS]: a training on a real Slurm, one of whose workers is told that its time is over.

    apt-get install slurm-wlm munge
    python3 Tests/Clusters/try_slurm.py .build/release/consort

Starts a cluster of two nodes on this machine (slurm_two_nodes), submits an array by `consort submit slurm --submit`, sends task
0 what Slurm sends before a time limit, and waits until all is trained: about four minutes, of which Slurm waits two before it
starts a task again. Needs root.
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
from slurm import Cluster  # noqa: E402
from trials import expect, read, status, wait, write_experiment  # noqa: E402


def train(consort, workers, directory, cluster):
    write_experiment(directory, 4)
    job = cluster.submit(consort, directory, workers)
    log = f"{directory}/tiny-{job}_0.log"
    wait(lambda: "epoch 2/" in read(log), "task 0 does not train")
    sent = cluster.run("scancel", "--signal=USR1", "--batch", f"{job}_0")
    expect(sent.returncode == 0, sent.stderr)
    wait(lambda: "goes back into the queue" in read(log), "task 0 is not put back")
    expect("stopped; everything so far is saved" in read(log), read(log))
    wait(lambda: cluster.are_done(job, workers), "not all tasks are done")
    tasks = cluster.tasks(job)
    expect(tasks[0]["restarts"] == 1, tasks)
    # What it let go of is any worker's.
    logs = [read(f"{directory}/tiny-{job}_{task}.log") for task in range(workers)]
    expect(any("goes on after epoch" in text for text in logs), "no task went on from what was saved")
    states = [member["state"] for member in status(consort, f"{directory}/runs/tiny")["members"]]
    expect(states == ["complete"] * 4, states)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    with tempfile.TemporaryDirectory() as directory, Cluster(f"{directory}/cluster") as cluster:
        train(os.path.abspath(sys.argv[1]), workers, directory, cluster)
    print(f"try_slurm: task 0 of {workers} was told that its time is over, put back, and went on; all members are trained")


main()
