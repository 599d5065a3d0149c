"""The parts of `Benchmarks/run serving`, in turn."""
import subprocess
import time

import alone
import peers
import workers
from record import Record
from servers import Place

PARTS = {"overhead": alone.overhead, "throughput": alone.throughput, "tune": peers.tune, "peers": peers.peers,
         "images": alone.images, "latency": workers.latency, "killed": workers.killed, "memory": alone.memory,
         "start": alone.start}


def versions(python, *packages):
    script = "import importlib.metadata as m, json, sys; print(json.dumps({p: m.version(p) for p in sys.argv[1:]}))"
    return subprocess.run([python, "-c", script, *packages], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def serving(options, machine, consort):
    place = Place(options, consort)
    place.prepare()
    parts = options.only.split(",") if options.only else list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    wrk = subprocess.run(["wrk", "-v"], check=False, stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]
    about = {"machine": machine, "rounds": options.rounds, "wrk": wrk,
             "consort": subprocess.run([consort, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip(),
             "triton": versions(options.triton_python, "nvidia-pytriton", "onnxruntime", "numpy"),
             "mlserver": versions(options.mlserver_python, "mlserver", "onnxruntime", "numpy", "uvloop", "uvicorn")}
    record = Record(options.out, about)
    print("\n".join(f"{name}: {value}" for name, value in about.items()), flush=True)
    for part in parts:
        begun = time.monotonic()
        record.begin(part)
        PARTS[part](place, record, options)
        record.note("seconds that the part took", time.monotonic() - begun, f"{time.monotonic() - begun:.0f}")
        record.end()
    print("\nall bars are met" if not record.misses else "\nmissed:\n  " + "\n  ".join(record.misses))
