"""Beside Triton and MLServer, each at the fastest of several settings."""
import contextlib
import json
import statistics
import struct

from alone import bench
from load import spread, wrk
from record import rounded
from servers import running, status

CLIENTS = (1, 8, 64)
ONE_BY_ONE = {"sessionThreads": 1, "memberThreads": 1}
CHOICES = {
    "Triton": {
        "eight": [{"batch": 64, "instances": 1, "sessionThreads": 1, "memberThreads": 2},
                  {"batch": 64, "instances": 2, **ONE_BY_ONE},
                  {"batch": 16, "instances": 2, **ONE_BY_ONE},
                  {"batch": 64, "instances": 1, "sessionThreads": 2, "memberThreads": 1, "spins": False}],
        "cascade": [{"batch": 64, "instances": 2, **ONE_BY_ONE},
                    {"batch": 16, "instances": 2, **ONE_BY_ONE},
                    {"batch": 64, "instances": 1, "sessionThreads": 2, "memberThreads": 1, "spins": False},
                    {"batch": 64, "instances": 1, "sessionThreads": 2, "memberThreads": 1}]},
    "MLServer": {
        "eight": [{"workers": 0, "batch": 0, "wait": 0, "sessionThreads": 1, "memberThreads": 2},
                  {"workers": 0, "batch": 64, "wait": 0.001, "executorThreads": 2, **ONE_BY_ONE},
                  {"workers": 2, "batch": 0, "wait": 0, **ONE_BY_ONE},
                  {"workers": 2, "batch": 32, "wait": 0.001, **ONE_BY_ONE}],
        "cascade": [{"workers": 0, "batch": 0, "wait": 0, "sessionThreads": 2, "memberThreads": 1, "spins": False},
                    {"workers": 0, "batch": 64, "wait": 0.001, "executorThreads": 2, **ONE_BY_ONE},
                    {"workers": 2, "batch": 0, "wait": 0, **ONE_BY_ONE},
                    {"workers": 2, "batch": 32, "wait": 0.001, **ONE_BY_ONE}]}}


def start(place, who, model, choice):
    return place.triton_server(model, choice) if who == "Triton" else place.mlserver(model, choice)


def first_answer(server):
    """The probabilities that it gives for the first of the requests."""
    with open(server.bodies, "rb") as file:
        head, length = struct.unpack("<II", file.read(8))
        body = file.read(length)
    headers = {"Content-Type": "application/json"}
    if head != 2 ** 32 - 1:
        headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(head)}
    code, answer = status(server.port, server.path, method="POST", body=body, headers=headers)
    if code != 200:
        raise SystemExit(f"{server.path}: {code} {answer[:500]}")
    if head == 2 ** 32 - 1:
        return json.loads(answer)["outputs"][0]["data"]
    return list(struct.unpack("<10f", answer[-40:]))


def tune(place, record, options):
    """Which setting of each peer is fastest with so many clients: all of them, one after another."""
    best = {}
    for model in ("eight", "cascade"):
        for who, choices in CHOICES.items():
            seen = []
            for choice in choices[model]:
                with running(start(place, who, model, choice)) as server:
                    server.wait()
                    seen.append([wrk(server, clients, 2)["per_second"] for clients in CLIENTS])
                record.note(f"{who}, {model}, {json.dumps(choice)}", rounded(seen[-1], 1),
                            ", ".join(f"{speed:,.1f}" for speed in seen[-1]) + f" a second with {CLIENTS} clients")
            for place_of, clients in enumerate(CLIENTS):
                fastest = max(range(len(seen)), key=lambda index: seen[index][place_of])
                best.setdefault(model, {}).setdefault(who, {})[str(clients)] = choices[model][fastest]
    record.note("fastest", best, "")
    with open(place.path("fastest.json"), "w") as file:
        json.dump(best, file)


def peers(place, record, options):
    """Alternating rounds of all servers, which run side by side and idle while another is asked."""
    try:
        with open(place.path("fastest.json")) as file:
            fastest = json.load(file)
    except FileNotFoundError:
        raise SystemExit("run the part 'tune' first") from None
    record.note("settings", fastest, "the fastest of the part 'tune'")
    for model in ("eight", "cascade"):
        compare(place, record, options, model, fastest[model])
    record.note("note", "generator and servers share the processors; none is pinned")


def compare(place, record, options, model, fastest):
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(running(place.consort_server(model))).wait()
        narrow = stack.enter_context(running(place.consort_server(model, "--precision", "bfloat16"))).wait()
        servers = {}
        for who, by_clients in fastest.items():
            for choice in by_clients.values():
                key = (who, json.dumps(choice))
                if key not in servers:
                    servers[key] = stack.enter_context(running(start(place, who, model, choice))).wait()
        check_answers(record, model, ours, servers, narrow)
        saving = {"cascade": [], "all members": []}
        for clients in CLIENTS:
            asked = {"Consort": ours, "Triton": servers["Triton", json.dumps(fastest["Triton"][str(clients)])],
                     "MLServer": servers["MLServer", json.dumps(fastest["MLServer"][str(clients)])],
                     "Consort, bfloat16": narrow}
            runs = {who: [] for who in asked}
            for _ in range(options.rounds):
                for who, server in asked.items():
                    runs[who].append(wrk(server, clients, 2))
                if model == "cascade" and clients == 64:
                    saving["cascade"].append(runs["Consort"][-1]["per_second"])
                    saving["all members"].append(wrk(ours, 64, 2, place.path("all-members.bodies"))["per_second"])
            report(record, model, clients, runs)
        if model == "cascade":
            report_saving(place, record, saving)


def check_answers(record, model, ours, servers, narrow):
    expected = first_answer(ours)
    for (who, choice), server in servers.items():
        difference = max(abs(a - b) for a, b in zip(expected, first_answer(server)))
        if difference > 1e-4:
            raise SystemExit(f"{who} {choice} answers otherwise than Consort, by {difference}")
    record.note(f"{model}: bfloat16's answer differs by", max(abs(a - b) for a, b in zip(expected, first_answer(narrow))))


def report(record, model, clients, runs):
    def median(who, key):
        return statistics.median(run[key] for run in runs[who])

    for who, seen in runs.items():
        speeds = [run["per_second"] for run in seen]
        record.note(f"{model}, {clients} clients, {who}", seen,
                    f"{spread(speeds)} requests/s; p50 {median(who, 'p50_ms'):.2f} ms, p99 {median(who, 'p99_ms'):.2f} ms; "
                    f"server {median(who, 'server_processors'):.2f}, wrk {median(who, 'generator_processors'):.2f} processors")
    name = f"{model}, {clients} clients"
    best = max(("Triton", "MLServer"), key=lambda who: median(who, "per_second"))
    ratio = median("Consort", "per_second") / median(best, "per_second")
    limit = {1: 2, 64: 2 if model == "cascade" else 1.3}.get(clients)
    if limit:
        record.bar(f"{name}: times the requests/s of {best}", ratio, limit, is_most=False)
    else:
        record.note(f"{name}: times the requests/s of {best}", ratio, f"{ratio:.3f}")
    ratio = median("Consort, bfloat16", "per_second") / median(best, "per_second")
    record.note(f"{name}: with bfloat16, times the requests/s of {best}", ratio, f"{ratio:.3f}")
    lowest = min(median(who, "p99_ms") for who in ("Triton", "MLServer"))
    record.bar(f"{name}: p99 over the lower one's of the peers", median("Consort", "p99_ms") / lowest, 1)


def report_saving(place, record, saving):
    manifest = place.manifest("cascade")
    costs = [member["multiplyAccumulates"] for member in manifest["members"]]
    expected = sum(share * sum(costs[:stage]) for stage, share in enumerate(manifest["exitFractions"], 1))
    computed = sum(costs) / expected
    # A small network does fewer multiply-accumulates a second: the saving in time is smaller than that in arithmetic.
    times = [bench(place, member["name"] + ".onnx", [8], 1, 1)[8]["medianMilliseconds"] for member in manifest["members"]]
    timed = sum(times) / sum(share * sum(times[:stage]) for stage, share in enumerate(manifest["exitFractions"], 1))
    seen = statistics.median(saving["cascade"]) / statistics.median(saving["all members"])
    record.note("cascade's saving", {**saving, "multiplyAccumulates": computed, "time": timed, "throughput": seen},
                f"{computed:.2f} times fewer multiply-accumulates, {timed:.2f} times less time in members alone, {seen:.2f} times the requests/s of all members")
    record.bar("cascade: share of the saving in compute that is seen in throughput", seen / computed, 0.85, is_most=False)
    record.note("cascade: share of the saving in members' own time", seen / timed, f"{seen / timed:.3f}")
