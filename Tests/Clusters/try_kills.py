#!/usr/bin/env python3
"""try_kills.py CONSORT [--seed N] [--soon]: a node of a real Slurm is lost while it trains, and the results are those without.

    apt-get install slurm-wlm munge
    python3 Tests/Clusters/try_kills.py .build/release/consort --seed 7

An array of eight tasks trains eight members on a cluster of two nodes on this machine. At a random time one node, its slurmd
and all that runs there, is killed at one instant; later it starts again. Slurm puts its task back into the queue, and every
member's weights and predictions must have the SHA-256 of a run that nothing disturbed. --soon does not wait the two minutes
after which Slurm starts such a task again, but asks for it at once. Needs root. Prints what happened as a line of JSON.
"""
import argparse
import json
import os
import random
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from slurm import Cluster  # noqa: E402
from trials import (  # noqa: E402
    ALIKE, EPOCHS, digest_of_all, expect, expect_the_bits, members, missing_programs, names, read, status, undisturbed, wait, working_directory,
    write_experiment)

MEMBERS, LEASE_SECONDS = 8, 12


def missing():
    return missing_programs("slurmctld", "slurmd", "sbatch", "munged")


def tokens(run, member):
    """The numbers of a member's leases, and when each was created."""
    found = {}
    for name in names(f"{run}/leases"):
        if match := re.fullmatch(re.escape(member) + r"\.(\d{6})", name):
            found[int(match[1])] = os.stat(f"{run}/leases/{name}").st_mtime
    return found


def holder(run, member, number):
    """The host that has or had a lease."""
    for name in names(f"{run}/leases"):
        if match := re.fullmatch(re.escape(f"{member}.{number:06}.") + r"(.+)-\d+-[0-9a-f]+\.holder", name):
            return match[1]
    return None


def held(consort, run, node):
    """The member that a node's worker trains, or trained when it was lost; None between two members."""
    for worker in status(consort, run)["workers"]:
        if worker["host"] == node and worker["state"] != "ended" and worker["members"]:
            return worker["members"][0]
    return None


def taken_over(run, member, number, killed, text):
    """Who went on with a member after the lease of that number, when, and from where."""
    leases = tokens(run, member)
    expect(number + 1 in leases, f"nobody took {member} over")
    went_on = re.search(re.escape(member) + r" +goes on after epoch (\d+)", text)
    return {"member": member, "takenOverBy": holder(run, member, number + 1),
            "takenOverAfter": round(leases[number + 1] - killed, 1), "goesOnAfterEpoch": int(went_on[1]) if went_on else 0}


def bring_forward(cluster, job):
    """Slurm holds a task back for two minutes after its node was lost."""
    for task in cluster.tasks(job).values():
        if task["state"] == "PENDING" and task["restarts"] > 0:
            cluster.run("scontrol", "update", f"JobId={task['job']}", "StartTime=now")
    return cluster.are_done(job, MEMBERS)


def trial(consort, work, seed, soon):
    """Kills one node; returns what happened."""
    chance = random.Random(seed)
    whole, seconds = undisturbed(consort, work, MEMBERS)
    # Both nodes have a member at work until most is done; after ten seconds Slurm holds a node to be lost.
    share, node, down = chance.uniform(0.03, 0.7), chance.choice(["n1", "n2"]), chance.uniform(14, 16 if soon else 40)
    within_epoch = chance.uniform(0, 0.3)
    with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as place, Cluster(f"{place}/cluster") as cluster:
        write_experiment(place, MEMBERS)
        run, start = f"{place}/runs/tiny", time.monotonic()
        job = cluster.submit(consort, place, MEMBERS, *ALIKE, "--lease", str(LEASE_SECONDS))
        logs = [f"{place}/tiny-{job}_{task}.log" for task in range(MEMBERS)]
        wait(lambda: sum("epoch 1/" in read(log) for log in logs) == 2, "two tasks do not train")
        began = time.monotonic()
        print(f"seed {seed}: {node} is killed when {share:.0%} is done, and is back {down:.1f} s later", file=sys.stderr)
        wait(lambda: sum(read(log).count("  epoch ") for log in logs) >= share * MEMBERS * EPOCHS, "the tasks do not get on")
        time.sleep(within_epoch)
        after = time.monotonic() - began
        cluster.lose(node)
        killed = time.time()
        member = held(consort, run, node)
        first = max(tokens(run, member)) if member else 0
        time.sleep(down)
        cluster.revive(node)
        wait(lambda: (bring_forward(cluster, job) if soon else cluster.are_done(job, MEMBERS)), "not all tasks are done", 900)
        restarts = [task["restarts"] for _, task in sorted(cluster.tasks(job).items())]
        expect(sorted(restarts) == [0] * (MEMBERS - 1) + [1], f"restarts of tasks: {restarts}")
        expect_the_bits(run, whole)
        states = {shown["name"]: shown["state"] for shown in status(consort, run)["members"]}
        expect(states == dict.fromkeys(members(MEMBERS), "complete"), states)
        ended = sorted(name.split(".")[0] for name in names(f"{run}/leases") if name.endswith(".complete"))
        expect(ended == members(MEMBERS), f"members that ended: {ended}")
        return {
            "trial": "node killed", "seed": seed, "node": node, "done": round(share, 2),
            "killedAfter": round(after, 1), "backAfter": round(down, 1),
            **(taken_over(run, member, first, killed, "".join(map(read, logs))) if member else {"member": None}),
            "restarts": restarts, "startsAgain": "brought forward" if soon else "by Slurm's own time",
            "seconds": round(time.monotonic() - start, 1), "undisturbedSeconds": round(seconds, 1),
            "members": MEMBERS, "sha256": digest_of_all(whole), "equal": True}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("consort")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--soon", action="store_true")
    parser.add_argument("--work", help="keeps the undisturbed run there, for the next time")
    options = parser.parse_args()
    reason = missing()
    expect(not reason, reason)
    with working_directory(options.work) as work:
        print(json.dumps(trial(os.path.abspath(options.consort), work, options.seed, options.soon)))


if __name__ == "__main__":
    main()
