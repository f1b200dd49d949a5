"""What the jobs of GitHub's workflows report as checks, and on which events.

Source: GitHub docs, "Troubleshooting required status checks" and "Workflow syntax".
What cannot be read makes it say "perhaps", never "no".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.parsers import parse_yaml
from monokeel.policy.refs import glob_matches

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PULLS = ("pull_request", "pull_request_target")
_A_BRANCH = "feat/any-branch-that-a-pull-request-comes-from"
Runs = Literal["yes", "perhaps", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """When a workflow runs, as its ``on:`` says; *known* is false if nobody can tell.

    *paths* says, by event, by which filter it does not run on each: ``paths: src/**``.
    *branches* are those an event is limited to; what is not there is not limited.
    """

    known: bool = False
    events: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: the *pattern* that its name matches in full, and what it was read as.

    A job of a matrix adds its values in parentheses; one that calls a workflow reports
    as ``caller / job``; an expression in a name may become anything. *workflow* is the
    file, *condition* the text of its ``if:``.
    """

    name: str
    pattern: str
    workflow: str = ""
    triggers: Triggers = field(default_factory=Triggers)
    condition: str = ""

    def runs_for_a_pull_request(self, branch: str) -> tuple[Runs, str]:
        """Say whether it runs on each pull request to *branch*, and why not."""
        on, file = self.triggers, self.workflow
        if not on.known:
            return "perhaps", ""
        event = next((each for each in _PULLS if each in on.events), "")
        if not event:
            return _by_push(on, file)
        bases = on.branches.get(event)
        if bases is not None and not _takes(bases, branch):
            return "no", f"{file} runs for pull requests to {', '.join(bases)} alone"
        if event in on.paths:
            return "perhaps", (
                f"{file} skips pull requests by {on.paths[event]}; the check of one"
                " that is skipped never comes"
            )
        if "event_name" in self.condition and "pull_request" not in self.condition:
            return "perhaps", f"{self.name} runs if: {self.condition}"
        return "yes", ""

    def runs_in_a_queue(self) -> tuple[Runs, str]:
        """Say whether it runs on the groups of a merge queue, and why not."""
        if not self.triggers.known or "merge_group" in self.triggers.events:
            return "yes" if self.triggers.known else "perhaps", ""
        return "no", f"{self.workflow} does not run on merge_group: the queue waits"


def jobs_of(workflows: Mapping[str, str]) -> tuple[Job, ...]:
    """Return the jobs of *workflows*, path → text."""
    return tuple(
        job for path in sorted(workflows) for job in _jobs(path, workflows[path])
    )


def reporting(jobs: Sequence[Job], context: str) -> tuple[Job, ...]:
    """Return the jobs that may report as the status check *context*."""
    return tuple(job for job in jobs if re.fullmatch(job.pattern, context))


def _jobs(path: str, text: str) -> Iterator[Job]:
    try:
        # As text: "on" does not become True.
        workflow = parse_yaml(text, as_text=True)
    except ValueError:
        workflow = None
    jobs = workflow.get("jobs") if isinstance(workflow, dict) else None
    if not isinstance(workflow, dict) or not isinstance(jobs, dict):
        yield Job(name="a workflow that cannot be read", pattern=".*", workflow=path)
        return
    triggers = _triggers(workflow.get("on"))
    for key, job in jobs.items():
        if isinstance(job, dict):
            yield _job(key, _merged(job), path, triggers)
        else:
            yield Job(name=key, pattern=".*", workflow=path, triggers=triggers)


def _job(key: str, job: Mapping[str, Json], path: str, triggers: Triggers) -> Job:
    name = str(job.get("name") or key)
    parts = [re.escape(part) for part in _EXPRESSION.split(name)]
    pattern = ".*".join(parts)
    if "strategy" in job and len(parts) == 1:
        pattern += r"(?: \(.*\))?"
    if "uses" in job:
        pattern += r" / .*"
    return Job(
        name=name,
        pattern=pattern,
        workflow=path,
        triggers=triggers,
        condition=str(job.get("if") or ""),
    )


def _triggers(on: Json) -> Triggers:
    if isinstance(on, str) and on:
        return Triggers(known=True, events=frozenset({on}))
    if isinstance(on, list):
        return Triggers(known=True, events=frozenset(map(str, on)))
    if not isinstance(on, dict):
        return Triggers()
    on = _merged(on)
    filters = {event: value for event, value in on.items() if isinstance(value, dict)}
    return Triggers(
        known=True,
        events=frozenset(on),
        paths={
            event: f"{key}: {', '.join(_texts(value[key]))}"
            for event, value in filters.items()
            for key in ("paths", "paths-ignore")
            if value.get(key)
        },
        branches={
            event: _branches(value)
            for event, value in filters.items()
            if value.get("branches") or value.get("branches-ignore")
        },
    )


def _merged(mapping: Mapping[str, Json]) -> dict[str, Json]:
    """Return *mapping* with what ``<<`` brings in: BaseLoader leaves it as a key."""
    bases = mapping.get("<<")
    merged: dict[str, Json] = {}
    for base in reversed(bases if isinstance(bases, list) else [bases]):
        if isinstance(base, dict):
            merged |= base
    return {**merged, **{key: mapping[key] for key in mapping if key != "<<"}}


def _branches(filters: Mapping[str, Json]) -> tuple[str, ...]:
    if filters.get("branches"):
        return _texts(filters["branches"])
    return ("**", *(f"!{each}" for each in _texts(filters["branches-ignore"])))


def _by_push(on: Triggers, file: str) -> tuple[Runs, str]:
    """Judge a workflow that does not run on pull requests, but perhaps on pushes."""
    taken = on.branches.get("push")
    if "push" not in on.events or (taken and not _takes(taken, _A_BRANCH)):
        return "no", f"{file} does not run on pull_request"
    return "perhaps", f"{file} runs on push alone, never for a fork's pull request"


def _takes(patterns: Sequence[str], branch: str) -> bool:
    taken = False
    for each in patterns:  # the last that matches decides
        if glob_matches(each.removeprefix("!"), branch, deep=True):
            taken = not each.startswith("!")
    return taken


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(map(str, value if isinstance(value, list) else [value]))
