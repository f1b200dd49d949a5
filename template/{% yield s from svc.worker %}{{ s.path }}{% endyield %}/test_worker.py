"""Tests of the worker: python3 -m unittest runs them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from worker import finish_jobs, work

WORKER = Path(__file__).with_name("worker.py")


class JobsTest(unittest.TestCase):
    """What becomes of a job."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.queue = Path(directory.name)

    def put(self, name, text):
        (self.queue / name).write_text(text, encoding="utf-8")

    def names(self):
        return sorted(path.name for path in self.queue.iterdir())

    def test_the_numbers_are_added(self):
        self.assertEqual(work({"numbers": [1, 2, 3]}), {"sum": 6})

    def test_a_finished_job_leaves_its_result(self):
        self.put("1.json", '{"numbers": [1, 2]}')

        done = finish_jobs(self.queue, threading.Event())

        self.assertEqual(done, 1)
        self.assertEqual(self.names(), ["1.done"])
        result = json.loads((self.queue / "1.done").read_text(encoding="utf-8"))
        self.assertEqual(result, {"sum": 3})

    def test_a_broken_job_stops_no_other(self):
        self.put("1.json", "{")
        self.put("2.json", '{"numbers": []}')

        done = finish_jobs(self.queue, threading.Event())

        self.assertEqual(done, 2)
        self.assertIn("error", (self.queue / "1.done").read_text(encoding="utf-8"))

    def test_a_stopping_worker_starts_no_job(self):
        self.put("1.json", '{"numbers": [1]}')
        stopping = threading.Event()
        stopping.set()

        done = finish_jobs(self.queue, stopping)

        self.assertEqual(done, 0)
        self.assertEqual(self.names(), ["1.json"])


class ProcessTest(unittest.TestCase):
    """The worker as it runs in its container."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.environment = {**os.environ, "QUEUE": directory.name, "PAUSE_S": "60"}

    def test_it_stops_on_sigterm(self):
        process = subprocess.Popen(
            [sys.executable, WORKER],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        process.stdout.readline()

        process.send_signal(signal.SIGTERM)

        self.assertEqual(process.wait(timeout=30), 0)

    def test_the_health_check_fails_before_the_first_round(self):
        done = subprocess.run(
            [sys.executable, WORKER, "--healthcheck"], env=self.environment
        )

        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
