"""The server by itself: overhead, throughput, images, memory, start."""
import json
import math
import os
import statistics
import subprocess
import threading
import time

from load import open_loop, spread, wrk
from record import rounded
from servers import running, status

CORES = os.cpu_count()


def bench(place, model, batches, seconds, threads=CORES):
    """Of each batch size, the row of `consort bench`."""
    output = subprocess.run([place.consort, "bench", place.path(model), "--batch", ",".join(str(batch) for batch in batches),
                             "--threads", str(threads), "--seconds", str(seconds), "--json"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return {row["batch"]: row for row in json.loads(output)["rows"]}


def overhead(place, record, options):
    """One client, one image, float32: what the server adds to the computation."""
    for model, bodies, threads in (("one", "images", CORES), ("one", "images", 1), ("eight", "images", CORES),
                                   ("tiny", "tiny", CORES)):
        alone, served = [], []
        with running(place.consort_server(model, "--threads", str(threads), bodies=bodies)) as server:
            server.wait()
            for _ in range(options.rounds):
                alone.append(bench(place, model, [1], 1, threads)[1]["medianMilliseconds"])
                served.append(wrk(server, 1, 1)["p50_ms"])
        name = f"{model}, {threads} threads"
        record.note(name, {"aloneP50Ms": rounded(alone), "servedP50Ms": rounded(served)},
                    f"Inference alone {spread(alone, 3)} ms, served {spread(served, 3)} ms")
        record.bar(f"{name}: p50 over Inference alone", statistics.median(served) - statistics.median(alone), 0.25, unit=" ms")


def throughput(place, record, options):
    """64 clients against `consort bench`, and how even the latency is at 70 % of that."""
    for model in ("one", "eight"):
        best, served, generator, busy = [], [], [], []
        with running(place.consort_server(model)) as server:
            server.wait()
            for _ in range(options.rounds):
                rows = bench(place, model, [1, 8, 16, 32, 64], 0.7)
                best.append(max(row["imagesPerSecond"] for row in rows.values()))
                figures = wrk(server, 64, 3)
                served.append(figures["per_second"])
                generator.append(figures["generator_processors"])
                busy.append(figures["server_processors"])
            record.note(f"{model}, 64 clients", {
                "benchImagesPerSecond": rounded(best, 1), "servedImagesPerSecond": rounded(served, 1),
                "processorsOfWrk": rounded(generator), "processorsOfTheServer": rounded(busy)},
                f"bench at its best batch {spread(best)}, served {spread(served)} images/s; wrk took "
                f"{statistics.median(generator):.2f} and the server {statistics.median(busy):.2f} of {CORES} processors")
            ratio = statistics.median(served) / statistics.median(best)
            record.bar(f"{model}: of the images/s of bench", ratio, 0.9, is_most=False)
            left = (CORES - statistics.median(generator)) / CORES
            record.note(f"{model}: of what bench does on the processors that wrk leaves", ratio / left, f"{ratio / left:.3f}")
            pauses = json.loads(subprocess.run([place.pauses, "4"], check=True, stdout=subprocess.PIPE, text=True).stdout)
            record.note(f"{model}: pauses of the machine itself", pauses,
                        f"{pauses['each_second']:.1f} gaps above 0.2 ms a second, {pauses['share']:.2%} of the time, the longest "
                        f"{pauses['longest_ms']:.1f} ms")
            rate = 0.7 * statistics.median(served)
            for arrivals, flags in (("even", []), ("Poisson", ["--poisson"])):
                runs = [open_loop(place.open_loop, server, 64, rate, 4, *flags) for _ in range(options.rounds)]
                ratios = [run["p99_ms"] / run["p50_ms"] for run in runs]
                record.note(f"{model}, 70 %, {arrivals} arrivals", runs,
                            f"p50 {spread([run['p50_ms'] for run in runs], 2)} ms, p99 "
                            f"{spread([run['p99_ms'] for run in runs], 2)} ms")
                name = f"{model}: p99 over p50 at 70 %, {arrivals} arrivals"
                if arrivals == "even":
                    record.bar(name, statistics.median(ratios), 2)
                else:
                    record.note(name, rounded(ratios), spread(ratios, 2))


def predict_rate(place, model, files, counts=(2, 12)):
    """Images a second of `consort predict`, without its start: what many copies of the files take beyond what few take."""
    with open(place.path(files + ".files")) as listing:
        paths = listing.read()
    seconds = []
    for copies in counts:
        start = time.perf_counter()
        subprocess.run([place.consort, "predict", place.path(model), "--data", "-", "--csv", os.devnull], check=True,
                       input=paths * copies, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return paths.count("\n") * (counts[1] - counts[0]) / (seconds[1] - seconds[0])


def images(place, record, options):
    """JPEG in, label out."""
    for title, model, files, counts in (
            ("CIFAR-10, a WRN-16-1", "one", "cifar-files", (5, 25)),
            ("ImageNet photographs, a WRN-16-2 on 224 pixels", "photographs", "photograph-files", (1, 4))):
        predicted, served, generator = [], [], []
        with running(place.consort_server(model, bodies=files)) as server:
            server.wait()
            for _ in range(options.rounds):
                predicted.append(predict_rate(place, model, files, counts))
                figures = wrk(server, 32, 3)
                served.append(figures["per_second"])
                generator.append(figures["generator_processors"])
        record.note(title, {"predictImagesPerSecond": rounded(predicted, 1), "servedImagesPerSecond": rounded(served, 1),
                            "processorsOfWrk": rounded(generator)},
                    f"predict {spread(predicted)}, served {spread(served)} images/s; wrk took "
                    f"{statistics.median(generator):.2f} processors")
        record.bar(f"{title}: of the images/s of predict", statistics.median(served) / statistics.median(predicted), 0.8,
                   is_most=False)


def slope(points):
    """Least squares of (x, y): the slope and its standard error."""
    count = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    square = sum((x - mean_x) ** 2 for x, _ in points)
    gradient = sum((x - mean_x) * (y - mean_y) for x, y in points) / square
    rest = sum((y - mean_y - gradient * (x - mean_x)) ** 2 for x, y in points)
    return gradient, math.sqrt(rest / max(1, count - 2) / square)


def reloads(place, record, options):
    """Loads a model again and again, under light load."""
    with running(place.consort_server("tiny", "--allow-repository", bodies="tiny")) as server:
        server.wait()
        result = {}
        load = threading.Thread(target=lambda: result.update(
            open_loop(place.open_loop, server, 4, 200, 3600, "--stop-file", place.path("stop"))))
        if os.path.exists(place.path("stop")):
            os.remove(place.path("stop"))
        load.start()
        points, failed, start = [], 0, time.perf_counter()
        for number in range(1, options.reloads + 1):
            code, _ = status(server.port, "/v2/repository/models/tiny/load", method="POST", body=b"{}")
            failed += code != 200
            if number % 10 == 0:
                points.append((number, server.resident()))
        seconds = time.perf_counter() - start
        open(place.path("stop"), "w").close()
        load.join()
    record_memory(record, "reloads", "a reload", points, options.reloads)
    record.note("reloads", {"count": options.reloads, "failed": failed, "seconds": seconds},
                f"{options.reloads:,} in {seconds:.0f} s, {failed} failed")
    record.note("requests meanwhile", result, f"{result['requests']:,}, of which {result['ok']:,} answered with 200; p99 "
                f"{result['p99_ms']:.1f} ms")
    record.bar("reloads or requests that failed", failed + result["requests"] - result["ok"], 0)


def record_memory(record, name, unit, points, count):
    """Says how memory grew after the first quarter, in which allocators fill."""
    late = points[len(points) // 4:]
    gradient, error = slope(late)
    record.note(f"memory, {name}", {"points": points, "kibEach": gradient, "standardError": error},
                f"{points[0][1] / 1024:.1f} MiB at first, {late[0][1] / 1024:.1f} after a quarter, {points[-1][1] / 1024:.1f} at "
                f"the end; slope after a quarter {1024 * gradient:.4f} bytes {unit}, standard error {1024 * error:.4f}")
    record.bar(f"growth over the last three quarters of {count:,} {name}, at the slope", gradient * 0.75 * count / 1024, 2,
               unit=" MiB")


def requests(place, record, options):
    """Many requests of a tiny model over eight connections."""
    with running(place.consort_server("tiny", bodies="tiny")) as server:
        server.wait()
        result, points = {}, []
        load = threading.Thread(target=lambda: result.update(
            open_loop(place.open_loop, server, 8, 0, 3600, "--count", str(options.requests))))
        load.start()
        start = time.perf_counter()
        while load.is_alive():
            load.join(0.5)
            points.append((time.perf_counter() - start, server.resident()))
    each = result["per_second"]
    record_memory(record, "requests", "a request", [(seconds * each, kib) for seconds, kib in points], options.requests)
    record.note("requests", result, f"{result['requests']:,} at {each:,.0f}/s; {result['ok']:,} answered with 200")
    record.bar("requests without a good answer", result["requests"] - result["ok"], 0)


def memory(place, record, options):
    reloads(place, record, options)
    requests(place, record, options)


def start(place, record, options):
    """From the command to the first answer. The first time is with what the system has cached of earlier ones, as the others."""
    with open(place.path("images.bodies"), "rb") as file:
        head, length = (int.from_bytes(file.read(4), "little") for _ in range(2))
        body = file.read(length)
    headers = {"Inference-Header-Content-Length": str(head), "Content-Type": "application/octet-stream"}
    for model in ("pair", "eight"):
        times = []
        for _ in range(2 * options.rounds):
            began = time.perf_counter()
            with running(place.consort_server(model)) as server:
                while status(server.port, server.path, method="POST", body=body, headers=headers)[0] != 200:
                    if server.process.poll() is not None:
                        raise SystemExit("the server does not start")
                    time.sleep(0.002)
                times.append(time.perf_counter() - began)
        record.note(f"{model}: seconds to the first answer", rounded(times), f"{spread(times, 3)}")
        record.bar(f"{model}: seconds from the command to the first answer", statistics.median(times), 2, unit=" s")
