"""A Slurm cluster of two nodes on this machine (slurm_two_nodes), and jobs of `consort submit` on it."""
import os
import re
import subprocess

from trials import HERE, expect

CLUSTER = f"{HERE}/slurm_two_nodes"


class Cluster:
    """`with Cluster(directory) as cluster` starts it, and ends it with all that runs on it."""

    def __init__(self, directory):
        self.directory = directory

    def __enter__(self):
        started = subprocess.run([CLUSTER, "start", self.directory], stdout=subprocess.PIPE, text=True)
        if started.returncode != 0:
            self.__exit__()
        expect(started.returncode == 0, "there is no cluster")
        name, value = started.stdout.split(" ", 1)[1].strip().split("=", 1)
        self.environment = {**os.environ, name: value, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        return self

    def __exit__(self, *_):
        subprocess.run([CLUSTER, "stop", self.directory])

    def lose(self, node):
        """Ends a node's slurmd and its steps at one instant."""
        subprocess.run([CLUSTER, "lose", self.directory, node], check=True)

    def revive(self, node):
        subprocess.run([CLUSTER, "revive", self.directory, node], check=True)

    def run(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True)

    def submit(self, consort, directory, workers, *arguments):
        """Submits `tiny.json` of a directory, and returns the array's number."""
        submitted = subprocess.run(
            [consort, "submit", "slurm", "tiny.json", "--workers", str(workers), "--cpus-per-worker", "1", "--time", "00:30:00",
             *arguments, "--submit"], cwd=directory, env=self.environment, capture_output=True, text=True)
        expect(submitted.returncode == 0, submitted.stderr)
        job = re.search(r"Submitted batch job (\d+)", submitted.stdout)
        expect(job, submitted.stdout)
        return job[1]

    def tasks(self, job):
        """Of each task, its state, how often it was started again, the node that has it, and its own job's number."""
        found = {}
        for line in self.run("scontrol", "show", "job", job, "--oneliner").stdout.splitlines():
            said = dict(re.findall(r"\b(\w+)=(\S*)", line))
            # Tasks that were never started stand together, as 2-7.
            if said.get("ArrayTaskId", "").isdigit():
                found[int(said["ArrayTaskId"])] = {
                    "state": said["JobState"], "restarts": int(said["Restarts"]), "node": said.get("NodeList", ""),
                    "job": said["JobId"]}
        return found

    def are_done(self, job, count):
        tasks = self.tasks(job)
        return len(tasks) == count and all(task["state"] == "COMPLETED" for task in tasks.values())
