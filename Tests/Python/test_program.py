"""The command that pip installs: the same process, status and signals; and what it says where it cannot run."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PACKAGES = str(pathlib.Path(__file__).resolve().parents[2] / "Python")


class LauncherTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.path = pathlib.Path(place.name) / "consort"

    def program(self, text):
        self.path.write_text(f"#!/bin/sh\n{text}\n")
        self.path.chmod(0o755)

    def start(self, *arguments, **others):
        environment = {**os.environ, "PYTHONPATH": PACKAGES, "CONSORT_PROGRAM": str(self.path)}
        return subprocess.Popen(
            [sys.executable, "-m", "consort", *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, **others)

    def test_arguments_status_and_process(self):
        self.program('echo "$$ $1 $2 $CONSORT_PYTHON"; exit 3')
        process = self.start("a b", "c")
        output = process.communicate()[0]
        self.assertEqual((output, process.returncode), (f"{process.pid} a b c {sys.executable}\n", 3))

    def test_signals_reach_the_program(self):
        self.program("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done")
        process = self.start()
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 7)

    def test_a_reader_that_goes_away_ends_it(self):
        self.program("echo first; sleep 0.3; echo second; echo survived >&2")
        process = self.start()
        process.stdout.readline()
        process.stdout.close()
        process.wait()
        self.assertNotIn("survived", process.stderr.read())
        process.stderr.close()

    def test_what_is_no_program(self):
        self.path.write_text("nothing")
        process = self.start()
        error = process.communicate()[1]
        self.assertEqual(process.returncode, 1)
        self.assertRegex(error, "consort: error: CONSORT_PROGRAM is .* which is no program: name the built consort")

    def test_another_processors_program(self):
        self.path.write_bytes(b"\x7fELF" + bytes(60))
        self.path.chmod(0o755)
        error = self.start().communicate()[1]
        self.assertRegex(error, "consort: error: .* cannot be started .*Exec format error.*: install consort again")

    def test_importing_loads_little(self):
        text = "import sys, consort; print(sorted({'numpy', 'torch', 'openvino', 'pandas', 'PIL'} & set(sys.modules)))"
        done = subprocess.run(
            [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": PACKAGES}, capture_output=True, text=True)
        self.assertEqual(done.stdout, "[]\n")


if __name__ == "__main__":
    unittest.main()
