"""The names under which the jobs of GitHub's workflows report, read line by line.

No YAML library is used. The reader knows block style: ``jobs:`` at the margin, job
identifiers one level deeper, their ``name:`` and ``uses:`` one level deeper still.
What it cannot read, flow style or an anchor, makes it say "perhaps", never "no".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_KEY = re.compile(r"""( *)(["']?)([A-Za-z_][A-Za-z0-9_-]*)\2 *:(?: +(.*))?$""")
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
    return tuple(
        job for path in sorted(workflows) for job in _jobs(workflows[path].splitlines())
    )


def reports(jobs: Sequence[Job], context: str) -> bool:
    """Say whether a job of *jobs* may report as the status check *context*."""
    return any(re.fullmatch(job.pattern, context) for job in jobs)


def _jobs(lines: Sequence[str]) -> Iterator[Job]:
    keys = list(_keys_of_jobs(lines))
    level = min((depth for depth, _, _ in keys), default=0)
    below = min((depth for depth, _, _ in keys if depth > level), default=0)
    found: dict[str, str] = {}
    for depth, key, value in keys:
        if depth == level:
            yield from _job(found)
            found = {"id": key}
            if value:  # flow style, an anchor or an alias: anything may stand there
                yield Job(name=key, pattern=".*")
        elif depth == below:
            found[key] = value
    yield from _job(found)


def _keys_of_jobs(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield depth, key and value of each ``key: value`` line below ``jobs:``."""
    inside = False
    for line in lines:
        match = _KEY.match(line.split(" #")[0].rstrip())
        if match is None:
            continue
        depth, key, value = len(match[1]), match[3], (match[4] or "").strip()
        if depth == 0:
            inside = key == "jobs"
            if not inside or not value:
                continue
        if inside:
            yield depth, key, value


def _job(found: Mapping[str, str]) -> Iterator[Job]:
    if not found:
        return
    name = found.get("name", "").strip("\"'") or found["id"]
    parts = [re.escape(part) for part in _EXPRESSION.split(name)]
    pattern = ".*".join(parts)
    if "strategy" in found and len(parts) == 1:
        pattern += r"(?: \(.*\))?"
    if "uses" in found:
        pattern += r" / .*"
    yield Job(name=name, pattern=pattern)
