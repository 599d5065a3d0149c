#!/usr/bin/env python3
"""Makes the tables of results/decisions from the records of `benchmark-decisions sets`: one JSON file a set.

    tables.py DIR [--into README.md] [--csv FILE.csv]      prints them, or puts them between the README's two marks
"""
import argparse
import csv
import glob
import json
import math
import os

TOLERANCES = (0.5, 1.0)
CONFIDENCE = 95
TODAY, NEW = "one standard error", "decision"
RULES = ["best single", "all equal", "AutoGluon greedy", TODAY, NEW]
BEGIN, END = "<!-- tables begin -->", "<!-- tables end -->"


def at_most(count, trials, share):
    """The probability of so many or fewer."""
    if share in (0, 1):
        return 1.0 if share == 0 or count == trials else 0.0
    terms = (math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(share)
             + (trials - k) * math.log1p(-share) for k in range(count + 1))
    return min(1.0, sum(map(math.exp, terms)))


def root(function):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) else (low, middle)
    return (low + high) / 2


def interval(count, trials):
    """Clopper and Pearson's 95 % interval of a share, doi:10.1093/biomet/26.4.404."""
    lower = 0.0 if count == 0 else root(lambda share: 1 - at_most(count - 1, trials, share) < 0.025)
    upper = 1.0 if count == trials else root(lambda share: at_most(count, trials, share) > 0.025)
    return lower, upper


def mean(values):
    return sum(values) / len(values)


def worst_tenth(values):
    """The mean of the tenth that is worst."""
    return mean(sorted(values, reverse=True)[:max(1, len(values) // 10)])


def beyond(values, tolerance):
    return sum(value > tolerance + 1e-9 for value in values)


def figures(record, result):
    row = {"set": record["name"], "origin": record["origin"], "images": result["images"], "rule": result["rule"],
           "splits": len(result["lost"]), "judges": result["judges"], "lost": mean(result["lost"]),
           "lost of all images": mean(result["lostOfPopulation"]), "worst tenth": worst_tenth(result["lost"]),
           "worst tenth of all images": worst_tenth(result["lostOfPopulation"]), "cost": mean(result["cost"])}
    for name, key in (("", "lost"), (" of all images", "lostOfPopulation")):
        for tolerance in TOLERANCES:
            count = beyond(result[key], tolerance)
            row[f"beyond {tolerance}{name}"] = count / row["splits"]
            row[f"beyond {tolerance}{name}, low"], row[f"beyond {tolerance}{name}, high"] = interval(count, row["splits"])
    for kind in ("single", "ensemble", "weighted", "cascade"):
        row[kind] = result["kind"].count(kind) / row["splits"]
    shown = result.get("isShown")
    row["shown"] = mean(shown) if shown else None
    if shown:
        # A promise is broken where it was made: a rule that says that nothing is shown has promised nothing.
        for name, key in (("", "lost"), (" of all images", "lostOfPopulation")):
            kept = [value for value, is_shown in zip(result[key], shown) if is_shown]
            broken = beyond(kept, TOLERANCES[0])
            row["broken" + name] = broken / row["splits"]
            row[f"broken{name}, low"], row[f"broken{name}, high"] = interval(broken, row["splits"])
    return row


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def points(value):
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def percent(value, digits=0):
    return f"{100 * value:.{digits}f} %"


def share(row, key):
    return f"{100 * row[key]:.1f} ({100 * row[key + ', low']:.1f} to {100 * row[key + ', high']:.1f})"


def sets(records):
    rows = []
    for record in records:
        costs = [member["multiplyAccumulates"] for member in record["members"]]
        accuracies = [100 * member["accuracy"] for member in record["members"]]
        best = record["best"]
        rows.append([record["name"], record["origin"], record["about"], len(costs), f"{record['images']:,}",
                     f"{min(accuracies):.1f} to {max(accuracies):.1f}", f"{costs[best] / min(costs):.1f}"])
    return table(["set", "origin", "what", "members", "images", "their accuracy, %", "best single's MACs to the cheapest's"], rows)


def by_size(rows):
    result = []
    for images in sorted({row["images"] for row in rows}):
        for rule in RULES:
            found = [row for row in rows if row["images"] == images and row["rule"] == rule]
            if not found:
                continue
            result.append([f"{images:,}", rule, len(found), points(mean([row["lost"] for row in found])),
                           points(mean([row["worst tenth"] for row in found])), percent(mean([row["cost"] for row in found]))]
                          + [percent(mean([row[f"beyond {tolerance}"] for row in found]), 1) for tolerance in TOLERANCES])
    return table(["hold-out", "rule", "sets", "points lost, mean", "worst tenth", "cost of the best single"]
                 + [f"beyond {tolerance}" for tolerance in TOLERANCES], result)


def by_set(rows):
    """One table a set, of the rules' most important figures."""
    result = []
    for name in dict.fromkeys(row["set"] for row in rows):
        for images in sorted({row["images"] for row in rows if row["set"] == name}):
            cells = [name, f"{images:,}"]
            for rule in RULES:
                found = [row for row in rows if (row["set"], row["images"], row["rule"]) == (name, images, rule)]
                cells.append(f"{points(found[0]['lost'])} / {points(found[0]['worst tenth'])} / {percent(found[0]['cost'])} / "
                             f"{percent(found[0]['beyond 0.5'])}" if found else "")
            result.append(cells)
    return table(["set", "hold-out"] + RULES, result)


def promise(rows):
    """Where the new rule is beyond the tolerance more often than it says."""
    found = [row for row in rows if row["rule"] == NEW]
    if not found:
        return "The new rule has no record.\n"
    level = (100 - CONFIDENCE) / 100
    whos = {" of all images": "all images of a set, which stand for the truth", "": "the images outside the hold-out alone"}
    whats = {"beyond 0.5": "loses more than 0.5 points", "broken": "says that the hold-out shows that it loses no more than 0.5 points, and loses more"}
    text = ""
    for what, words in whats.items():
        for of, who in whos.items():
            given = [row for row in found if what + of in row]
            above = [row for row in given if row[what + of] > level + 1e-9]
            surely = [row for row in above if row[f"{what}{of}, low"] > level]
            text += (f"The choice {words}, judged on {who}: in more than {percent(level)} of the splits in {len(above)} of "
                     f"{len(given)} settings, in {len(surely)} of them by more than chance.\n\n")
            if above:
                text += table(["set", "hold-out", "share, % (95 %)", "shown, %", "points lost, mean", "worst tenth", "cost"],
                              [[row["set"], f"{row['images']:,}", share(row, what + of),
                                "" if row["shown"] is None else f"{100 * row['shown']:.0f}", points(row["lost" + of]),
                                points(row["worst tenth" + of]), percent(row["cost"])] for row in above]) + "\n"
    return text


def against_today(rows):
    """The new rule beside today's, a line a set: means over its hold-outs."""
    lines, cheaper, better, either, both = [], 0, 0, 0, 0
    for name in dict.fromkeys(row["set"] for row in rows):
        found = {rule: [row for row in rows if row["set"] == name and row["rule"] == rule] for rule in (TODAY, NEW)}
        if not found[TODAY] or len(found[TODAY]) != len(found[NEW]):
            continue
        cost = {rule: mean([row["cost"] for row in found[rule]]) for rule in found}
        lost = {rule: mean([row["lost"] for row in found[rule]]) for rule in found}
        is_cheaper, is_better = cost[NEW] < cost[TODAY] - 1e-9, lost[NEW] < lost[TODAY] - 1e-9
        cheaper, better = cheaper + is_cheaper, better + is_better
        either, both = either + (is_cheaper or is_better), both + (is_cheaper and is_better)
        word = {(True, True): "cheaper and better", (True, False): "cheaper", (False, True): "better",
                (False, False): "neither"}[is_cheaper, is_better]
        lines.append([name, percent(cost[TODAY]), percent(cost[NEW]), points(lost[TODAY]), points(lost[NEW]), word])
    text = table(["set", f"cost, {TODAY}", f"cost, {NEW}", f"points lost, {TODAY}", f"points lost, {NEW}", NEW + " is"], lines)
    return text + (f"\nOf {len(lines)} sets: cheaper or better in {either}, cheaper in {cheaper}, better in {better}, both in {both}.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records")
    parser.add_argument("--into")
    parser.add_argument("--csv")
    options = parser.parse_args()
    records = []
    for path in glob.glob(os.path.join(options.records, "*.json")):
        with open(path) as file:
            records.append(json.load(file))
    order = {"recorded": 0, "trained": 1, "published": 2, "simulated": 3}
    records.sort(key=lambda record: (order[record["origin"]], record["name"]))
    rows = [figures(record, result) for record in records for result in record["results"] if result["lost"]]
    text = "\n".join([
        "### Sets\n", sets(records), "### All sets, by the size of the hold-out\n", by_size(rows), "### The promise\n", promise(rows),
        "### The new rule beside today's\n", against_today(rows), "### Every setting\n",
        "Points lost, mean / worst tenth / cost of the best single / share beyond 0.5 points.\n", by_set(rows)])
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            keys = list(dict.fromkeys(key for row in rows for key in row))
            writer = csv.DictWriter(file, keys, lineterminator="\n")
            writer.writeheader()
            writer.writerows({key: round(value, 5) if isinstance(value, float) else value for key, value in row.items()}
                             for row in rows)
    if not options.into:
        print(text)
        return
    with open(options.into) as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    with open(options.into, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
