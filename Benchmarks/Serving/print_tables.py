#!/usr/bin/env python3
"""Prints the tables of results/serving/README.md from the figures beside it.

    print_tables.py DIR        DIR/PART.json, as `Benchmarks/run serving --out DIR` wrote them
"""
import json
import os
import statistics
import sys

PARTS = ["overhead", "throughput", "peers", "images", "latency", "killed", "memory", "start"]


def main(folder):
    parts = {}
    for part in PARTS:
        path = os.path.join(folder, part + ".json")
        if os.path.exists(path):
            with open(path) as file:
                parts[part] = json.load(file)
    print("| figure | is | shall be | |\n| --- | --- | --- | --- |")
    for part, record in parts.items():
        for bar in record["bars"]:
            limit = f"at most {bar['atMost']}" if "atMost" in bar else f"at least {bar['atLeast']}"
            print(f"| {part}: {bar['name']} | {bar['value']:,.3f} | {limit} | {'' if bar['met'] else 'missed'} |")
    if "peers" not in parts:
        return
    figures = parts["peers"]["figures"]
    for model in ("eight", "cascade"):
        print(f"\n{model}: requests/s, and p50 and p99 in ms\n\n| clients | Consort | Triton | MLServer | Consort, bfloat16 |"
              "\n| --- | --- | --- | --- | --- |")
        for clients in (1, 8, 64):
            cells = []
            for who in ("Consort", "Triton", "MLServer", "Consort, bfloat16"):
                runs = figures[f"{model}, {clients} clients, {who}"]
                speeds = [run["per_second"] for run in runs]
                p50, p99 = (statistics.median(run[key] for run in runs) for key in ("p50_ms", "p99_ms"))
                cells.append(f"{statistics.median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f}); {p50:.1f}, {p99:.1f}")
            print(f"| {clients} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main(sys.argv[1])
