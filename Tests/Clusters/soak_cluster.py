#!/usr/bin/env python3
"""soak_cluster.py CONSORT [--short] [--rounds N] [--torchrun PATH]: trainings on clusters, disturbed again and again.

Each trial is one of the programs beside this file, or of the tests, with a number that decides its random times:

    node killed          try_kills.py: a node of a Slurm of two is killed, and its task goes back into the queue
    time over            try_slurm.py: a task is told that its time is over
    link down, longer    try_links.py longer: a worker is cut off from the directory for longer than its lease
    link down, shorter   try_links.py shorter: for less
    host lost            try_links.py lost: the link between two processes that train a member together goes down for good
    clocks apart         try_clocks.py: the workers' clocks are hours apart, and one is stopped for longer than its lease
    rank killed          Tests/Training/try_torchrun.py: one of four processes that train a member together is killed
    two owners           SharedRunTests: two workers that both believe to own a member, and its neighbours

What cannot be run here is said, and left out. Each trial that passed is a line of the log (.build/soak-cluster/log.jsonl unless
--log says otherwise), with the versions and a digest of the program: called again, those of the same program are not repeated.
--short: one each of the first kind, without Slurm's two minutes, and of both kinds of links, in some three minutes.
"""
import argparse
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import hosts  # noqa: E402
import try_clocks  # noqa: E402
import try_kills  # noqa: E402
from trials import HERE, machine, read  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))


class Kind:
    """Trials of one kind: how they are called, and why they cannot be run here."""

    def __init__(self, name, command, missing, versions, count=1):
        self.name, self.command, self.missing, self.versions, self.count = name, command, missing, versions, count


def kinds(options, consort, work):
    """All kinds; {} stands for the number that decides the random times."""
    kills = [sys.executable, f"{HERE}/try_kills.py", consort, "--work", work, "--seed", "{}"]
    def links(name):
        return [sys.executable, f"{HERE}/try_links.py", consort, name, "--work", work, "--seed", "{}"]

    no_slurm, no_links = try_kills.missing(), hosts.missing()
    found = [
        Kind("node killed", kills + (["--soon"] if options.short else []), no_slurm, ["slurmd"], 3),
        Kind("link down, longer", links("longer"), no_links, ["sshfs"], 2),
        Kind("link down, shorter", links("shorter"), no_links, ["sshfs"])]
    if options.short:
        return found
    no_torchrun = None if options.torchrun else "no --torchrun (PyTorch 2.11.0's) was given"
    no_swift = None if shutil.which("swift") else "swift not installed"
    return found + [
        Kind("host lost", links("lost"), no_links, []),
        Kind("clocks apart", [sys.executable, f"{HERE}/try_clocks.py", consort, "--work", work, "--seed", "{}"], try_clocks.missing(), []),
        Kind("time over", [sys.executable, f"{HERE}/try_slurm.py", consort], no_slurm, ["slurmd"]),
        Kind("rank killed", [sys.executable, f"{ROOT}/Tests/Training/try_torchrun.py", "--consort", consort, "--torchrun",
                             str(options.torchrun)], no_torchrun, ["torch"], 2),
        Kind("two owners", ["swift", "test", "--package-path", ROOT, "--skip-build", "--filter", "SharedRunTests"], no_swift, [], 2)]


def version(name, options):
    """What a program says of its version, in a line."""
    commands = {
        "slurmd": ["/usr/sbin/slurmd", "-V"], "sshfs": ["sshfs", "--version"],
        "torch": [os.path.join(os.path.dirname(str(options.torchrun)), "python"), "-c", "import torch; print('PyTorch', torch.__version__)"]}
    done = subprocess.run(commands[name], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    return next((line for line in lines if name.rstrip("d") in line.lower()), "?")


def programs(consort, work):
    """Copies of the programs, which a build does not replace meanwhile; returns the path of `consort`, and a digest of the trainer."""
    place = f"{work}/programs"
    os.makedirs(place, exist_ok=True)
    for name in ("consort", "consort-train"):
        shutil.copy2(os.path.join(os.path.dirname(os.path.abspath(consort)), name), f"{place}/{name}.new")
        os.replace(f"{place}/{name}.new", f"{place}/{name}")
    with open(f"{place}/consort-train", "rb") as file:
        return f"{place}/consort", hashlib.sha256(file.read()).hexdigest()[:16]


def run(kind, seed, options, digest, consort):
    """One trial; returns its record, and whether it passed."""
    start, began = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
    with subprocess.Popen([part.format(seed) for part in kind.command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as done:
        try:
            output, _ = done.communicate()
        except BaseException:
            done.terminate()
            raise
    said = [line for line in output.splitlines() if line.startswith("{")]
    record = {
        "kind": kind.name, "number": seed, "passed": done.returncode == 0, "began": began.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - start, 1), "machine": machine(),
        "versions": [version(name, options) for name in kind.versions]
        + [subprocess.run([consort, "--version"], capture_output=True, text=True).stdout.strip()],
        "program": digest}
    if done.returncode != 0:
        record["why"] = output[-4000:]
    elif said:
        record["what"] = json.loads(said[-1])
    return record, done.returncode == 0


def trials_of(log):
    """The records of a log, whose last line may have been cut short."""
    found = []
    for line in read(log).splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("consort")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--rounds", type=int, default=2, help="how often each kind's usual number of trials is made (default: 2)")
    parser.add_argument("--only", help="kinds as they are called above, with '; ' between them")
    parser.add_argument("--torchrun")
    parser.add_argument("--log", default=f"{ROOT}/.build/soak-cluster/log.jsonl")
    options = parser.parse_args()
    work = f"{ROOT}/.build/soak-cluster"
    os.makedirs(work, exist_ok=True)
    consort, digest = programs(options.consort, work)
    work = f"{work}/{digest}"
    earlier = trials_of(options.log) if not options.short else []
    passed, failed, left_out = 0, 0, []
    for kind in kinds(options, consort, work):
        if options.only and kind.name not in options.only.split("; "):
            continue
        if kind.missing:
            print(f"{kind.name}: skipped: {kind.missing}", flush=True)
            left_out.append(kind.name)
            continue
        for seed in range(1, 1 + (1 if options.short else kind.count * options.rounds)):
            if any((line["kind"], line["number"], line["program"], line["passed"]) == (kind.name, seed, digest, True)
                   for line in earlier):
                passed += 1
                continue
            record, is_passed = run(kind, seed, options, digest, consort)
            (passed, failed) = (passed + is_passed, failed + (not is_passed))
            print(f"{kind.name} {seed}: {'passed' if is_passed else record['why']}, after {record['seconds']} s: "
                  f"{json.dumps(record.get('what', {}))}", flush=True)
            if not options.short:
                os.makedirs(os.path.dirname(os.path.abspath(options.log)), exist_ok=True)
                with open(options.log, "a") as log:
                    # After a line that was cut short, too.
                    log.write("" if read(options.log)[-1:] in ("", "\n") else "\n")
                    log.write(json.dumps(record) + "\n")
    skipped = f", skipped: {', '.join(left_out)}" if left_out else ""
    print(f"soak-cluster: {passed} trials passed, {failed} failed{skipped}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
