"""The names under which the jobs of GitHub's workflows report, as YAML says them.

What cannot be read makes it say "perhaps", never "no".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monokeel.ground.answers import Json
from monokeel.ground.parsers import parse_yaml

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: the *pattern* that its name matches in full, and what it was read as.

    A job of a matrix adds its values in parentheses; one that calls a workflow reports
    as ``caller / job``; an expression in a name may become anything.
    """

    name: str
    pattern: str


def jobs_of(workflows: Mapping[str, str]) -> tuple[Job, ...]:
    """Return the jobs of *workflows*, path → text."""
    return tuple(job for path in sorted(workflows) for job in _jobs(workflows[path]))


def reports(jobs: Sequence[Job], context: str) -> bool:
    """Say whether a job of *jobs* may report as the status check *context*."""
    return any(re.fullmatch(job.pattern, context) for job in jobs)


def _jobs(text: str) -> Iterator[Job]:
    try:
        # As text: "on" does not become True.
        workflow = parse_yaml(text, as_text=True)
    except ValueError:
        workflow = None
    jobs = workflow.get("jobs") if isinstance(workflow, dict) else None
    if not isinstance(jobs, dict):
        yield Job(name="a workflow that cannot be read", pattern=".*")
        return
    for key, job in jobs.items():
        if isinstance(job, dict):
            yield _job(key, job)
        else:
            yield Job(name=key, pattern=".*")


def _job(key: str, job: Mapping[str, Json]) -> Job:
    name = str(job.get("name") or key)
    parts = [re.escape(part) for part in _EXPRESSION.split(name)]
    pattern = ".*".join(parts)
    if "strategy" in job and len(parts) == 1:
        pattern += r"(?: \(.*\))?"
    if "uses" in job:
        pattern += r" / .*"
    return Job(name=name, pattern=pattern)
