"""Tests of the service: python3 -m unittest runs them."""

import json
import os
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from app import respond

APP = Path(__file__).with_name("app.py")


class RespondTest(unittest.TestCase):
    """What each path answers."""

    def test_the_root_names_the_service(self):
        status, value = respond("/")

        self.assertEqual(status, HTTPStatus.OK)
        self.assertIn("service", value)

    def test_a_query_does_not_change_the_path(self):
        self.assertEqual(respond("/healthz?x=1"), respond("/healthz"))

    def test_an_unknown_path_is_not_found(self):
        status, value = respond("/nope")

        self.assertEqual(status, HTTPStatus.NOT_FOUND)
        self.assertIn("/nope", value["error"])


class ProcessTest(unittest.TestCase):
    """The service as it runs in its container."""

    def setUp(self):
        self.process = subprocess.Popen(
            [sys.executable, APP],
            env={**os.environ, "HOST": "127.0.0.1", "PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(self.process.communicate)
        self.addCleanup(self.process.kill)
        self.address = self.process.stdout.readline().split()[-1]

    def test_it_answers_http(self):
        with urllib.request.urlopen(f"http://{self.address}/healthz") as answer:
            self.assertEqual(json.load(answer), {"status": "ok"})

    def test_an_unknown_path_is_answered_with_404(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://{self.address}/nope")

        self.assertEqual(caught.exception.code, HTTPStatus.NOT_FOUND)
        caught.exception.close()

    def test_it_stops_on_sigterm(self):
        self.process.send_signal(signal.SIGTERM)

        self.assertEqual(self.process.wait(timeout=30), 0)

    def test_the_health_check_fails_when_nothing_listens(self):
        environment = {**os.environ, "PORT": "1"}

        done = subprocess.run([sys.executable, APP, "--healthcheck"], env=environment)

        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
