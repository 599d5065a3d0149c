#!/usr/bin/env python3
"""try_links.py CONSORT [longer] [shorter] [lost] [--seed N]: the link between a worker and the run's directory is down for a while.

    apt-get install sshfs openssh-sftp-server iproute2
    python3 Tests/Clusters/try_links.py .build/release/consort

Two workers on hosts of their own (network namespaces) see the run by sshfs over a link each; the directory is on a third host.
longer: a link is down for longer than the lease. The other worker goes on with the member; the one that was cut off stands
still, comes back, says so, and damages nothing. shorter: it is down three times, for less; nothing happens. lost: two processes train
one member together when the link between their hosts goes down for good; both notice, and train on once it is there again. Every member's
weights and predictions must have the SHA-256 of a run that nothing disturbed. Needs root. Prints what happened as lines of JSON.
"""
import argparse
import json
import os
import random
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from hosts import SharedDirectory, missing  # noqa: E402
from trials import (  # noqa: E402
    ALIKE, digest_of_all, digests, expect, expect_the_bits, members, names, read, undisturbed, wait, working_directory, write_experiment)

MEMBERS = 4
FIRST = members(1)[0]
WEIGHTS = f"members/{FIRST}/weights.safetensors"


class Training:
    """Two workers, `cut` and `other`, on hosts of their own."""

    def __init__(self, consort, shared, lease):
        self.shared, self.run = shared, f"{shared.path}/run"
        self.workers, self.logs = {}, {}
        for name, host in shared.hosts.items():
            write_experiment(host.directory, MEMBERS)
            self.logs[name] = f"{host.directory}/worker.log"
            self.workers[name] = host.start(
                [consort, "train", "tiny.json", *ALIKE, "--lease", str(lease), "--out", "shared/run"], self.logs[name])
            wait(lambda: self.said(name, "epoch 1/"), f"{name} does not train", 120)
        expect(self.said("cut", f"{FIRST}  "), "the first worker has another member")

    def said(self, name, text):
        return text in read(self.logs[name])

    def leases(self):
        """Of each member, the number of its newest lease."""
        found = {}
        for name in names(f"{self.run}/leases"):
            parts = name.split(".")
            found[parts[0]] = max(found.get(parts[0], 0), int(parts[1]))
        return found

    def finish(self, whole):
        for name, worker in self.workers.items():
            wait(lambda: worker.poll() is not None, f"{name} does not end", 300)
            expect(worker.returncode == 0, f"{name} ended with {worker.returncode}: {read(self.logs[name])}")
        expect_the_bits(self.run, whole)
        ended = [name.split(".")[0] for name in names(f"{self.run}/leases") if name.endswith(".complete")]
        expect(len(set(ended)) == MEMBERS, f"members that ended: {ended}")

    def expect_one_end(self):
        """A worker that sees late that another completed a member may take a lease of it; it must not train it."""
        text = "".join(map(read, self.logs.values()))
        trained = [text.count(f"{member}  trained") for member in members(MEMBERS)]
        expect(trained == [1] * MEMBERS, f"how often each member was trained: {trained}")

    def interrupt(self, seconds):
        """Cuts the worker off and waits; returns since when."""
        host = self.shared.hosts["cut"]
        expect(self.shared.reaches(host, 10), "the directory is not reached over the link")
        self.shared.cut(host)
        start = time.monotonic()
        expect(not self.shared.reaches(host, 2), "the directory is reached although the link is down")
        time.sleep(max(0, start + seconds - time.monotonic()))
        return start


def longer(consort, work, chance):
    """Down until the other worker has the member, or has completed it."""
    whole, _ = undisturbed(consort, work, MEMBERS)
    lease, epoch, until_complete = 12, chance.randint(4, 14), chance.random() < 0.5
    with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as place, \
            SharedDirectory(place, ["cut", "other"]) as shared:
        training = Training(consort, shared, lease)
        wait(lambda: training.said("cut", f"{FIRST}  epoch {epoch}/"), "the first member does not get on")
        start = training.interrupt(lease)
        wait(lambda: training.said("other", f"{FIRST}  its worker on cut shows no sign of life"), "nobody takes the member over")
        taken = time.monotonic() - start
        went_on = f"{FIRST}  goes on after epoch "
        wait(lambda: training.said("other", went_on), "the member does not go on")
        weights = f"{training.run}/{WEIGHTS}"
        if until_complete:
            wait(lambda: os.path.exists(weights), "the member is not completed")
        before = os.stat(weights) if until_complete else None
        shared.mend(shared.hosts["cut"])
        down = time.monotonic() - start
        wait(lambda: training.said("cut", f"{FIRST}  another worker has gone on with it"), "the worker that was cut off does not notice")
        noticed = time.monotonic() - start - down
        training.finish(whole)
        if before:
            now = os.stat(weights)
            expect((now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "the member's weights were written again")
        expect(training.leases()[FIRST] >= 2, training.leases())
        expect(not training.said("cut", "shows no sign of life"), read(training.logs["cut"]))
        training.expect_one_end()
        next_epoch = read(training.logs["other"]).split(went_on)[1].split()[0]
        return {"trial": "link down for longer than the lease", "lease": lease, "cutAfterEpoch": epoch, "down": round(down, 1),
                "takenOverAfter": round(taken, 1), "goesOnAfterEpoch": int(next_epoch),
                "backWhen": "the member was complete" if until_complete else "the member was at work",
                "noticedAfter": round(noticed, 1), "members": MEMBERS, "sha256": digest_of_all(whole), "equal": True}


def shorter(consort, work, chance):
    """Down three times."""
    whole, _ = undisturbed(consort, work, MEMBERS)
    lease, downs = 60, [chance.uniform(3, 7) for _ in range(3)]
    with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as place, \
            SharedDirectory(place, ["cut", "other"]) as shared:
        training = Training(consort, shared, lease)
        for seconds in downs:
            training.interrupt(seconds)
            shared.mend(shared.hosts["cut"])
            wait(lambda: shared.reaches(shared.hosts["cut"], 60), "the directory is not reached again")
            expect(training.workers["cut"].poll() is None, "the worker ended before it was cut off three times")
        training.finish(whole)
        for name in training.logs:
            for text in ("shows no sign of life", "another worker has gone on"):
                expect(not training.said(name, text), read(training.logs[name]))
        training.expect_one_end()
        return {"trial": "link down for less than the lease", "lease": lease, "down": [round(seconds, 1) for seconds in downs],
                "members": MEMBERS, "sha256": digest_of_all(whole), "equal": True}


def lost(consort, work, chance):
    """No word comes from the other host any more, and none says that it is gone."""
    epoch = chance.randint(2, 6)
    with tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as place, \
            SharedDirectory(place, ["other"]) as shared:
        hosts = [shared.server, shared.hosts["other"]]
        train = [consort, "train", "tiny.json", "--threads", "1", "--checkpoint-every", "1epoch"]
        logs = [f"{host.directory}/worker.log" for host in hosts]
        for host in hosts:
            write_experiment(host.directory, 1, reproducible=True)

        def start():
            return [host.start([*train, "--rendezvous", f"{shared.address('other')}:29500", "--rank", str(rank), "--world-size", "2"], log)
                    for rank, (host, log) in enumerate(zip(hosts, logs))]

        processes = start()
        wait(lambda: f"epoch {epoch}/" in read(logs[0]), "the processes do not get on", 120)
        shared.cut(hosts[1])
        begin = time.monotonic()
        noticed = []
        for process in processes:
            wait(lambda: process.poll() is not None, "a process does not notice that the other host is lost", 240)
            noticed.append(round(time.monotonic() - begin, 1))
        for process, log in zip(processes, logs):
            expect(process.returncode == 75 and "another process ended or is out of reach" in read(log),
                   f"ended with {process.returncode}: {read(log)}")
        shared.mend(hosts[1])
        for process, log in zip(start(), logs):
            wait(lambda: process.poll() is not None, "a process does not end", 300)
            expect(process.returncode == 0, f"ended with {process.returncode}: {read(log)}")
        expect("goes on after epoch" in read(logs[0]), f"it does not go on: {read(logs[0])}")
        hosts[0].run([*train, "--out", "alone"])
        whole = digests(f"{hosts[0].directory}/alone")
        expect_the_bits(f"{hosts[0].directory}/runs/tiny", whole)
        return {"trial": "host of a process lost", "cutAfterEpoch": epoch, "noticedAfter": noticed, "sha256": digest_of_all(whole),
                "equal": True}


TRIALS = {"longer": longer, "shorter": shorter, "lost": lost}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("consort")
    parser.add_argument("trials", nargs="*", choices=list(TRIALS) + [[]])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--work", help="keeps the undisturbed run there, for the next time")
    options = parser.parse_args()
    reason = missing()
    expect(not reason, reason)
    with working_directory(options.work) as work:
        for name in options.trials or TRIALS:
            done = TRIALS[name](os.path.abspath(options.consort), work, random.Random(options.seed))
            print(json.dumps({"seed": options.seed, **done}))


if __name__ == "__main__":
    main()
