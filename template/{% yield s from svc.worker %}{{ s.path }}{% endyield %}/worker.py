"""A small worker on the standard library: replace it with your own.

It takes jobs from the directory QUEUE, files called ``*.json`` in order of their
names, writes what came out to ``*.done`` beside them and removes the job. On SIGTERM
it finishes the job at hand and stops with exit code 0.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

SERVICE = os.environ.get("SERVICE", "worker")
QUEUE = Path(os.environ.get("QUEUE", "/tmp/queue"))
PAUSE_S = float(os.environ.get("PAUSE_S", "1"))
STALE_S = 30  # a loop that was silent for so long hangs


def work(job):
    """Return the result of one *job*: the sum of its numbers."""
    return {"sum": sum(job["numbers"])}


def finish_jobs(queue, stopping):
    """Do what waits in *queue*, until the event *stopping* is set; return how many."""
    done = 0
    for path in sorted(queue.glob("*.json")):
        if stopping.is_set():
            break
        try:
            result = work(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            result = {"error": repr(error)}
        # First whole under another name, then in place: nobody reads half a result.
        whole = path.with_suffix(".part")
        whole.write_text(json.dumps(result) + "\n", encoding="utf-8")
        whole.replace(path.with_suffix(".done"))
        path.unlink()
        done += 1
    return done


def main():
    """Work until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    QUEUE.mkdir(parents=True, exist_ok=True)
    print(f"{SERVICE} waits for jobs in {QUEUE}", flush=True)
    while not stopping.is_set():
        if done := finish_jobs(QUEUE, stopping):
            print(f"{SERVICE} finished {done} job(s)", flush=True)
        (QUEUE / "alive").touch()
        stopping.wait(PAUSE_S)
    print(f"{SERVICE} stopped", flush=True)


def is_healthy():
    """Say whether the loop ran a short while ago."""
    try:
        return time.time() - (QUEUE / "alive").stat().st_mtime < STALE_S
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--healthcheck"]:
        sys.exit(0 if is_healthy() else 1)
    main()
