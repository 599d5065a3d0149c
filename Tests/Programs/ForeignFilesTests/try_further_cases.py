#!/usr/bin/env python3
"""try_further_cases.py CONSORT [CASE ...]: makes the cases of further_cases.py in a temporary directory, runs each, and prints which are wrong; then every refusal and note.

A case is a directory's name, or a part of it. -q leaves out the messages of those that are right.
"""
import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_cases

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def matches(words, text):
    return [w for w in words if not re.search(w, text, re.I)]


def at(value, *keys):
    for key in keys:
        value = value[key]
    return value


def points(answer, network):
    curves = answer.get("frontier", answer)["curves"]
    return next(c for c in curves if c["network"] == network)["points"]


def metrics(answer, name):
    return at(answer, "ensemble", "metrics") if name == "ensemble" else points(answer, name)[0]["mean"]


def faults(expected, place, output):
    """What is wrong with the figures."""
    found = []

    def compare(what, value, right, tolerance):
        if not isinstance(value, (int, float)) or not abs(value - right) <= tolerance:
            found.append(f"{what}: {value}, not {right}")

    try:
        if expected.get("decides") and not os.path.exists(f"{place}/out/decision.json"):
            found.append("nothing was decided: the hold-out was taken for another test set")
        if "writes" in expected and not os.path.exists(f"{place}/{expected['writes']}"):
            found.append(f"{expected['writes']} was not written")
        if (limit := expected.get("deployedLikelihoodAtMost")) is not None:
            value = at(json.load(open(f"{place}/out/decision.json")), "deployed", "test", "metrics", "negativeLogLikelihood")
            if not value <= limit:
                found.append(f"deployed NLL {value}, more than {limit}")
        if (right := expected.get("probability")) is not None:
            row = next(csv.DictReader(open(f"{place}/answers.csv")))
            compare("probability1", float(row["probability1"]), right, 1e-5)
            if "top" in expected and row["class1"] != expected["top"]:
                found.append(f"class1: {row['class1']}, not {expected['top']}")
        if any(k in expected for k in ("accuracy", "likelihood", "images", "parameters", "pairLikelihood")):
            answer = json.loads(output)
            for name, right in expected.get("accuracy", {}).items():
                compare(f"accuracy of {name}", metrics(answer, name)["top1Accuracy"], right, 1e-9)
            for name, right in expected.get("likelihood", {}).items():
                compare(f"NLL of {name}", metrics(answer, name)["negativeLogLikelihood"], right, 1e-6 * max(1, right))
            for name, right in expected.get("pairLikelihood", {}).items():
                compare(f"NLL of two {name}", points(answer, name)[1]["mean"]["negativeLogLikelihood"], right, 1e-6 * max(1, right))
            for key in "images", "parameters":
                if key in expected:
                    compare(key, answer[key], expected[key], 0)
    except Exception as error:
        found.append(f"no figure: {type(error).__name__} {error}")
    return found


def judge(expected, place, status, output, errors):
    """(what is wrong or None, the kind of outcome)."""
    if status is None:
        return "not finished after 120 s", "hangs"
    if status < 0 or re.search("Fatal error|Program crashed|Stack dump", errors):
        return f"crashed ({status})", "crash"
    if status:
        words = expected.get("refused") or expected.get("or_refused")
        if not words:
            return "refused; the figure was asked for", "refused"
        missing = matches(words, errors)
        return (f"the refusal lacks {missing}" if missing else None), "refused"
    if "refused" in expected:
        return "accepted; should be refused", "figure"
    wrong = faults(expected, place, output)
    if wrong:
        if "or_says" in expected and not matches(expected["or_says"], errors):
            return None, "said"
        return "; ".join(wrong) + (f" (and not said: {matches(expected['or_says'], errors)})" if "or_says" in expected else ""), "figure"
    missing = matches(expected.get("says", []), errors)
    if missing:
        return f"right figure, but the notes lack {missing}", "figure"
    decision = f"{place}/out/decision.json"
    anywhere = errors + output + (open(decision).read() if os.path.exists(decision) else "")
    missing = matches(expected.get("saysAnywhere", []), anywhere)
    return (f"nothing says {missing}" if missing else None), "figure"


def indent(text, limit=1500):
    text = ANSI.sub("", text).strip()
    text = text if len(text) <= limit else text[:limit] + f" ... ({len(text)} characters)"
    return "\n".join("      " + line for line in text.splitlines())


def main():
    arguments = [a for a in sys.argv[1:] if a != "-q"]
    quiet = "-q" in sys.argv
    if not arguments:
        sys.exit(__doc__)
    consort, wanted = os.path.abspath(arguments[0]), arguments[1:]
    right = wrong = 0
    spoken = []
    with tempfile.TemporaryDirectory() as top:
        make_cases.FIXTURES = f"{top}/cases"
        import further_cases
        documented = {}
        for make in further_cases.CASES:
            before = set(os.listdir(make_cases.FIXTURES)) if os.path.isdir(make_cases.FIXTURES) else set()
            make()
            for name in set(os.listdir(make_cases.FIXTURES)) - before:
                documented[name] = " ".join((make.__doc__ or "").split())
        for name in sorted(documented):
            if wanted and not any(w in name for w in wanted):
                continue
            place = f"{top}/run/{name}"
            shutil.copytree(f"{make_cases.FIXTURES}/{name}", place, symlinks=True)
            expected = json.load(open(f"{place}/case.json"))
            os.remove(f"{place}/case.json")
            command = expected.pop("arguments")
            try:
                run = subprocess.run([consort, *command], cwd=place, capture_output=True, timeout=120, stdin=subprocess.DEVNULL,
                                     env={**os.environ, "XDG_CACHE_HOME": f"{top}/cache/{name}"})
                status, output, errors = run.returncode, run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")
            except subprocess.TimeoutExpired as late:
                status, output, errors = None, "", (late.stderr or b"").decode(errors="replace")
            fault, outcome = judge(expected, place, status, output, errors)
            shutil.rmtree(place)
            if fault:
                wrong += 1
                print(f"WRONG {name}: {fault}\n    {documented[name]}\n    $ consort {shlex.join(command)}\n    expected {json.dumps(expected, ensure_ascii=False)}"
                      f"\n    status {status}\n    output\n{indent(output, 500)}\n    messages\n{indent(errors)}\n", flush=True)
            else:
                right += 1
                if errors.strip():
                    spoken.append((outcome, name, documented[name], errors))
    if not quiet:
        print("To be read by a human: does each say what a user needs?\n")
        for outcome, name, what, errors in sorted(spoken):
            print(f"{'REFUSED' if outcome == 'refused' else 'NOTE'} {name}: {what}\n{indent(errors)}")
    print(f"\n{right} right, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
