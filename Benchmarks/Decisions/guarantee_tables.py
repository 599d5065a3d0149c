#!/usr/bin/env python3
"""Makes the tables of results/decisions/guarantees.md from the records of `benchmark-decisions guarantees`: one JSON file a part.

    guarantee_tables.py DIR [--into guarantees.md]       prints them, or puts them between the page's two marks
"""
import argparse
import json
import os
import sys

sys.dont_write_bytecode = True
from tables import BEGIN, END, interval, table  # noqa: E402

PARTS = {"promise": "What a decision shows of accuracy", "tests": "The test, and all at once",
         "limits": "Prediction sets and abstention", "kept": "Sets and answers of whole decisions",
         "trainings": "Intervals over trainings"}
STRENGTHS = {"exact": "exact", "asymptotic": "of many images", "estimate": "no promise"}


def verdict(check, low, high):
    if low > check["level"]:
        return "above"
    return "below" if high < check["level"] else "holds the level"


def rows(record):
    for setting in record["settings"]:
        for check in setting["checks"]:
            low, high = interval(check["broken"], check["draws"])
            mean = check["sum"] / check["draws"]
            variance = max(0, check["squares"] / check["draws"] - mean * mean) * check["draws"] / (check["draws"] - 1)
            error = (variance / check["draws"]) ** 0.5
            yield (check, low, high,
                   [check["name"], STRENGTHS[check["strength"]], f"{check['draws']:,}",
                    "" if check["made"] == check["draws"] else f"{check['made']:,}", f"{check['broken']:,}",
                    f"{100 * check['broken'] / check['draws']:.2f} ({100 * low:.2f} to {100 * high:.2f})",
                    f"{100 * mean:.2f} ± {100 * error:.2f}" if check["isOfImages"] else "", f"{100 * check['level']:g}",
                    verdict(check, low, high)])


def page(records):
    texts, found = [], []
    for part, title in PARTS.items():
        if part not in records:
            continue
        given = list(rows(records[part]))
        found += given
        seconds = sum(setting["seconds"] for setting in records[part]["settings"])
        texts.append(f"### {title}\n\n{records[part]['machine']}; {seconds:,.0f} s.\n\n" + table(
            ["what", "promise", "draws", "made in", "broken in", "broken, % (95 %)", "on all further images, %", "level, %", "so"],
            [cells for *_, cells in given]))
    promised = [(check, low) for check, low, *_ in found if check["strength"] != "estimate"]
    above = [check["name"] for check, low in promised if low > check["level"]]
    text = (f"Of {len(promised)} promises, {len(above)} {'was' if len(above) == 1 else 'were'} broken more often than the level by "
            f"more than chance (the lower end of the interval is above it){': ' + '; '.join(above) if above else ''}.\n")
    return text + "\n" + "\n".join(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records")
    parser.add_argument("--into")
    options = parser.parse_args()
    records = {}
    for part in PARTS:
        path = os.path.join(options.records, part + ".json")
        if os.path.exists(path):
            with open(path) as file:
                records[part] = json.load(file)
    text = page(records)
    if not options.into:
        print(text)
        return
    with open(options.into) as file:
        before, rest = file.read().split(BEGIN)
    with open(options.into, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
