"""Measure the comparison of rulesets: as many as GitHub allows in one repository.

No network and no file: what is measured is parsing GitHub's answers, the canonical
form, and the comparison in both directions.

    python -m bench.policy [--rulesets 75] [--runs 21]
"""

import argparse
import copy
import json
import statistics
import sys
import time
from pathlib import Path

from monokeel.ground.answers import Json
from monokeel.policy.comparison import compare_policies
from monokeel.policy.rulesets import (
    body_of,
    parse_policy,
    read_live,
)

ROOT = Path(__file__).parents[1]
_LIMIT_MS = 50.0
_MOST_RULESETS = 75  # GitHub docs: at most 75 in a repository


def policy(count: int) -> str:
    """Return the text of a policy file with *count* rulesets, ours over and over."""
    own: list[dict[str, Json]] = json.loads((ROOT / "infra/rulesets.json").read_text())
    entries = []
    for number in range(count):
        entry = copy.deepcopy(own[number % len(own)])
        entry["name"] = f"{entry['name']}-{number}"
        entries.append(entry)
    return json.dumps(entries)


def answers(text: str) -> list[dict[str, Json]]:
    """Return what GitHub would answer: every second ruleset changed by hand."""
    live = []
    for number, desired in enumerate(parse_policy(text)):
        body = {**body_of(desired), "id": number, "source_type": "Repository"}
        if number % 2:
            body["enforcement"] = "disabled"
        live.append(body)
    return live


def main() -> int:
    """Measure, print one line, and say by the exit code whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rulesets", type=int, default=_MOST_RULESETS)
    parser.add_argument("--runs", type=int, default=21)
    options = parser.parse_args()
    text = policy(options.rulesets)
    live = answers(text)
    taken, found = [], compare_policies((), ())
    for _ in range(options.runs):
        started = time.perf_counter()
        found = compare_policies(parse_policy(text), [read_live(body) for body in live])
        taken.append((time.perf_counter() - started) * 1000)
    drifting = sum(each.drifts for each in found)
    median = statistics.median(taken)
    sys.stdout.write(
        f"comparison of {len(found)} rulesets ({drifting} drift): {median:.1f} ms"
        f" (median of {options.runs}; target {_LIMIT_MS:.0f} ms)\n"
    )
    return 0 if median < _LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
