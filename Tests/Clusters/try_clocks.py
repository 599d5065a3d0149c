#!/usr/bin/env python3
"""try_clocks.py CONSORT [--seed N]: workers whose clocks are hours apart share a run.

    apt-get install faketime
    python3 Tests/Clusters/try_clocks.py .build/release/consort

Three workers train four members; the clock of one is seven hours ahead, of another five hours behind. The one that is ahead is stopped for
longer than its lease, so that another goes on with its member, and goes on later. Each member must be trained to its end once, with the
SHA-256 of a run that nothing disturbed. Needs root, for hosts' names of their own. Prints what happened as a line of JSON.
"""
import argparse
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from trials import (  # noqa: E402
    ALIKE, digest_of_all, expect, expect_the_bits, members, missing_programs, read, undisturbed, wait, working_directory,
    write_experiment)

MEMBERS, LEASE_SECONDS = 4, 12
SHIFTS = {"ahead": "+7h", "behind": "-5h", "right": "+0"}
HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


def missing():
    return missing_programs("faketime") or (None if LIBRARY else "libfaketime not found")


def trainer(worker):
    """The process identifier of the trainer that a worker has started."""
    found = subprocess.run(["ps", "--no-headers", "-eo", "pid,ppid,comm"], capture_output=True, text=True).stdout
    parents = {int(pid): (int(parent), name) for pid, parent, name in (line.split(None, 2) for line in found.splitlines())}

    def descends(pid):
        while pid in parents and pid != worker.pid:
            pid = parents[pid][0]
        return pid == worker.pid

    return next((pid for pid, (_, name) in parents.items() if name.startswith("consort-train") and descends(pid)), None)


def run(consort, work, chance):
    whole, _ = undisturbed(consort, work, MEMBERS)
    epoch = chance.randint(3, 10)
    with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as place:
        write_experiment(place, MEMBERS)
        workers, logs = {}, {}
        for name, shift in SHIFTS.items():
            logs[name] = f"{place}/{name}.log"
            with open(logs[name], "w") as log:
                # What is waited for by the clock that only goes forward is not shifted.
                workers[name] = subprocess.Popen(
                    [f"{HERE}/on_host", name, "env", f"LD_PRELOAD={LIBRARY}", consort, "train", "tiny.json", *ALIKE, "--lease",
                     str(LEASE_SECONDS)],
                    cwd=place, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    env={**os.environ, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
            wait(lambda: "epoch 1/" in read(logs[name]) or workers[name].poll() is not None, f"{name} does not train", 120)
            expect(workers[name].poll() is None, f"{name} has ended: {read(logs[name])}")
        wait(lambda: f"epoch {epoch}/" in read(logs["ahead"]), "the first worker does not get on")
        stopped = wait(lambda: trainer(workers["ahead"]), "the first worker has no trainer", 10)
        os.kill(stopped, signal.SIGSTOP)
        start = time.monotonic()
        lost = "its worker on ahead shows no sign of life"
        wait(lambda: any(lost in read(logs[name]) for name in ("behind", "right")), "nobody takes the member over", 240)
        taken = time.monotonic() - start
        os.kill(stopped, signal.SIGCONT)
        for name, worker in workers.items():
            wait(lambda: worker.poll() is not None, f"{name} does not end", 300)
            expect(worker.returncode == 0, f"{name} ended with {worker.returncode}: {read(logs[name])}")
        expect_the_bits(f"{place}/runs/tiny", whole)
        text = "".join(map(read, logs.values()))
        trained = [len(re.findall(f"^{member}  trained", text, re.M)) for member in members(MEMBERS)]
        expect(trained == [1] * MEMBERS, f"how often each member was trained: {trained}")
        # Its last sign of life was some seconds old when it was stopped.
        expect(taken >= LEASE_SECONDS / 2, f"taken over after {taken:.1f} s, long before the lease was over")
        return {"trial": "clocks hours apart", "clocks": SHIFTS, "lease": LEASE_SECONDS, "stoppedAfterEpoch": epoch,
                "takenOverAfter": round(taken, 1), "members": MEMBERS, "sha256": digest_of_all(whole), "equal": True}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("consort")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--work", help="keeps the undisturbed run there, for the next time")
    options = parser.parse_args()
    reason = missing()
    expect(not reason, reason)
    with working_directory(options.work) as work:
        print(json.dumps({"seed": options.seed, **run(os.path.abspath(options.consort), work, random.Random(options.seed))}))


if __name__ == "__main__":
    main()
