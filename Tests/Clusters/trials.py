"""What the programs beside this file share: experiments, what their results must be, and waiting with an end."""
import contextlib
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.basename(sys.argv[0])
NETWORK, EPOCHS, MOST_MEMBERS = "wide-resnet-16-1", 24, 8
# One way of training on every host: the bits depend on the number of threads. A checkpoint each epoch.
ALIKE = ["--jobs", "1", "--threads", "1", "--checkpoint-every", "1epoch"]


def end_in_order(number, _):
    """Leaves every `with`, which ends what it started."""
    sys.exit(128 + number)


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, end_in_order)


def expect(condition, what):
    if not condition:
        sys.exit(f"{PROGRAM}: {what}")


def wait(condition, what, seconds=420):
    """What `condition` gives, as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    sys.exit(f"{PROGRAM}: {what}, after {seconds} s")


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def names(path):
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


def missing_programs(*programs):
    """Why these cannot be run here; None where they can."""
    if os.geteuid() != 0:
        return "needs root"
    if subprocess.run(["unshare", "--uts", "--mount", "--pid", "--net", "--fork", "true"], capture_output=True).returncode != 0:
        return "needs namespaces, which are not permitted here"
    path = os.environ["PATH"] + ":/usr/sbin"
    absent = [program for program in programs if not shutil.which(program, path=path)]
    return f"{', '.join(absent)} not installed" if absent else None


def working_directory(path):
    """As `with`'s value: this directory, or one that is gone afterwards."""
    if not path:
        return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.makedirs(path, exist_ok=True)
    return contextlib.nullcontext(os.path.abspath(path))


def write_experiment(directory, members, **recipe):
    """tiny.json: a member takes some six seconds of one core, with the usual recipe."""
    with open(f"{directory}/tiny.json", "w") as file:
        json.dump({
            "name": "tiny", "data": {"procedural": {"imageSize": 16, "trainCount": 640, "testCount": 64}, "holdOut": 64},
            "members": [{"network": NETWORK, "count": members}], "recipe": {"preset": "fast", "epochs": EPOCHS, **recipe}}, file)


def members(count):
    return [f"{NETWORK}-{number}" for number in range(count)]


def digests(run):
    """Of each member the SHA-256 of its weights and of all that it predicts."""
    found = {}
    for member in sorted(names(f"{run}/members")):
        place = f"{run}/members/{member}"
        for folder, _, files in sorted(os.walk(place)):
            for file in sorted(files):
                if file.endswith(".safetensors") and not file.startswith("checkpoint-"):
                    path = os.path.join(folder, file)
                    with open(path, "rb") as opened:
                        found[f"{member}/{os.path.relpath(path, place)}"] = hashlib.sha256(opened.read()).hexdigest()
    return found


def undisturbed(consort, directory, count):
    """The digests of that many members of a run by one worker on this machine, made once in a directory, and its seconds."""
    place = f"{directory}/undisturbed-{EPOCHS}"
    if not os.path.exists(f"{place}/seconds"):
        os.makedirs(place, exist_ok=True)
        write_experiment(place, MOST_MEMBERS)
        start = time.monotonic()
        # Members side by side have the bits of members one after another, and each those of a run of fewer.
        done = subprocess.run([consort, "train", "tiny.json", "--jobs", "2", "--threads", "1"], cwd=place, capture_output=True,
                              text=True)
        expect(done.returncode == 0, done.stderr)
        with open(f"{place}/seconds", "w") as file:
            file.write(str(time.monotonic() - start))
    found = {name: digest for name, digest in digests(f"{place}/runs/tiny").items() if name.split("/")[0] in members(count)}
    expect(len(found) >= 2 * count, f"{count} members have left {len(found)} files: {sorted(found)}")
    return found, float(read(f"{place}/seconds"))


def expect_the_bits(run, whole):
    found = digests(run)
    differing = [name for name in whole if found.get(name) != whole[name]]
    expect(found.keys() == whole.keys() and not differing, f"other results than those of the undisturbed run: {differing}")


def status(consort, run):
    shown = subprocess.run([consort, "status", run, "--json"], capture_output=True, text=True)
    return json.loads(shown.stdout) if shown.returncode == 0 else {"members": [], "workers": []}


def digest_of_all(whole):
    """One SHA-256 of all: for a record."""
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "?")
    return f"{model}, {os.cpu_count()} processors, {platform.system()} {platform.release()}"
