"""Members on workers in network namespaces of their own, a processor each. Needs root, and `ip` of iproute2."""
import contextlib
import itertools
import json
import os
import signal
import statistics
import subprocess
import time

from load import open_loop, spread, wrk
from record import rounded
from servers import free_port, running

MEMBERS = ("wide-resnet-16-1-0", "wide-resnet-16-1-1")

numbers = itertools.count()


@contextlib.contextmanager
def namespaces(count):
    """Names and addresses of namespaces that this machine reaches; they are removed afterwards."""
    made = []
    try:
        for index in range(count):
            # The kernel takes links away a while after their namespaces: no name is used twice.
            number = f"{os.getpid() % 10000}{next(numbers)}"
            name, here, there = f"consort-{number}", f"cbh{number}", f"cbn{number}"
            subprocess.run(["ip", "netns", "add", name], check=True)
            made.append(name)
            network = f"10.217.{index}"
            for command in (["link", "add", here, "type", "veth", "peer", "name", there, "netns", name],
                            ["addr", "add", f"{network}.1/30", "dev", here], ["link", "set", here, "up"],
                            ["-n", name, "addr", "add", f"{network}.2/30", "dev", there],
                            ["-n", name, "link", "set", there, "up"], ["-n", name, "link", "set", "lo", "up"]):
                subprocess.run(["ip", *command], check=True)
        yield [(name, f"10.217.{index}.2") for index, name in enumerate(made)]
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=False)


def worker(place, namespace, index, port=None):
    """A server of one member on one processor of its own."""
    name, host = namespace
    link = place.path(MEMBERS[index])
    if not os.path.exists(link):
        subprocess.run([place.consort, "build-ensemble", place.path(MEMBERS[index] + ".onnx"), "--out", link, "--mean",
                        "0.4914,0.4822,0.4465", "--std", "0.247,0.243,0.261"], check=True, stdout=subprocess.DEVNULL)
    return place.consort_server(
        MEMBERS[index], "--threads", "1", prefix=["ip", "netns", "exec", name, "taskset", "-c", str(index % os.cpu_count())],
        host=host, port=port)


def latency(place, record, options):
    """Two members on two workers against one member on one."""
    with namespaces(2) as spaces, running(worker(place, spaces[0], 0)) as first, running(worker(place, spaces[1], 1)) as second:
        first.wait(), second.wait()
        placed = [argument for name, server in zip(MEMBERS, (first, second))
                  for argument in ("--worker", f"{name}=http://{server.host}:{server.port}")]
        with running(place.consort_server("one", *placed[:2])) as one, running(place.consort_server("pair", *placed)) as pair:
            one.wait(), pair.wait()
            seen = {"one member": [], "two members": [], "the worker itself": []}
            for _ in range(options.rounds):
                for name, server in (("one member", one), ("two members", pair), ("the worker itself", first)):
                    seen[name].append(wrk(server, 1, 2))
    for name, runs in seen.items():
        record.note(name, runs, f"p50 {spread([run['p50_ms'] for run in runs], 3)} ms, p99 "
                    f"{spread([run['p99_ms'] for run in runs], 3)} ms")
    for key in ("p50_ms", "p99_ms"):
        ratio = statistics.median(run[key] for run in seen["two members"]) / statistics.median(
            run[key] for run in seen["one member"])
        if key == "p50_ms":
            record.bar("latency of two members on two workers, times that of one: p50", ratio, 1.25)
        else:
            record.note("the same of p99", ratio, f"{ratio:.3f}")


def allow_losing(place):
    """Lets the pair lose either member: what its answers without are worth does not matter here."""
    manifest = place.manifest("pair")
    if manifest["version"] == 4:
        return
    share = {"value": 0.5, "interval": {"lowerBound": 0.4, "upperBound": 0.6}}
    manifest["version"] = 4
    manifest["expectedService"] = {
        "images": 100, "accuracy": share,
        "answers": {"confidenceBounds": [0.5], "confidences": [50, 50], "disagreements": 10},
        "reductions": [{"missing": [lost], "combination": {"rule": manifest["rule"]}, "accuracy": share,
                        "multiplyAccumulates": manifest["members"][0]["multiplyAccumulates"]} for lost in MEMBERS]}
    with open(place.path("pair", "ensemble.json"), "w") as file:
        json.dump(manifest, file)


def killed(place, record, options):
    """One of two workers is killed under load and comes back: what clients get, and for how long."""
    allow_losing(place)
    runs = []
    for number in range(max(1, options.rounds // 2)):
        runs.append(kill_once(place, number))
        record.note(f"run {number + 1}", runs[-1], ", ".join(f"{name} {value:,.3f}" for name, value in runs[-1].items()))
    record.bar("wrong answers", max(run["wrong"] for run in runs), 0)
    record.bar("requests without an answer, or with an error", max(run["without"] + run["errors"] for run in runs), 0)
    record.bar("degraded answers that do not say so, or whole ones that do", max(run["misnamed"] for run in runs), 0)
    record.bar("from the kill to the first degraded answer", max(run["firstDegraded"] for run in runs), 2, unit=" s")
    record.bar("slowest answer", max(run["slowest"] for run in runs), 2, unit=" s")
    record.bar("from the worker's return until all answers are whole", max(run["whole"] for run in runs), 10, unit=" s")


def kill_once(place, number, rate=150, before=3, away=5, after=14):
    log = place.path(f"killed-{number}.log")
    with namespaces(2) as spaces, running(worker(place, spaces[0], 0)) as first:
        port = free_port()
        second = worker(place, spaces[1], 1, port)
        try:
            first.wait(), second.wait()
            placed = [argument for name, server in zip(MEMBERS, (first, second))
                      for argument in ("--worker", f"{name}=http://{server.host}:{server.port}")]
            with running(place.consort_server("pair", *placed)) as front:
                front.wait()
                # The clock of the log begins with the generator.
                begun = time.monotonic()
                load = subprocess.Popen(
                    [place.open_loop, str(front.port), front.path, front.bodies, "16", str(rate), str(before + away + after),
                     "--mark", '"degraded":true', "--reference", place.path("pair.reference"), "--log", log],
                    stdout=subprocess.PIPE, text=True)
                time.sleep(before)
                os.killpg(second.process.pid, signal.SIGKILL)
                second.process.wait()
                lost_at = time.monotonic() - begun
                time.sleep(away)
                second = worker(place, spaces[1], 1, port).wait()
                back_at = time.monotonic() - begun
                output, _ = load.communicate()
        finally:
            second.stop()
    return summary(json.loads(output), log, lost_at, back_at)


def summary(figures, log, lost_at, back_at):
    with open(log) as lines:
        rows = [(float(at), float(took), int(code), int(marked), int(row))
                for at, took, code, marked, row in (line.split() for line in lines)]
    # Of the reference: row 0 is of both members, row 2 of the first alone.
    degraded = [row for row in rows if row[2] == 200 and row[3]]
    return {"requests": figures["requests"], "whole answers": sum(row[2] == 200 and not row[3] for row in rows),
            "degraded answers": len(degraded), "errors": figures["other_status"], "without": figures["unanswered"],
            "wrong": figures["wrong"],
            "misnamed": sum(row[2] == 200 and row[4] >= 0 and (row[4] != 0) != bool(row[3]) for row in rows),
            "firstDegraded": min((at + took for at, took, *_ in degraded if at + took > lost_at), default=float("inf")) - lost_at,
            "slowest": max(took for _, took, code, *_ in rows if code == 200),
            "whole": max(0, max((at + took for at, took, code, marked, _ in rows if code != 200 or marked), default=0) - back_at),
            "p50 ms": figures["p50_ms"], "p99 ms": figures["p99_ms"]}
