"""Required checks against what the jobs of GitHub's workflows report, and when.

Source: GitHub docs, "Troubleshooting required status checks" and "Workflow syntax".
What cannot be read makes it say "perhaps", never "no".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from monokeel.ground.answers import Json
from monokeel.ground.parsers import parse_yaml
from monokeel.policy.refs import glob_matches, is_wildcard
from monokeel.policy.rule_types import GITHUB_ACTIONS, Finding
from monokeel.policy.rulesets import Ruleset, objects_in

_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_PULLS = ("pull_request", "pull_request_target")
_A_BRANCH = "feat/any-branch-that-a-pull-request-comes-from"
_CHECKS = "required_status_checks"  # a rule, and its parameter
_PINNED = (
    ": every merge would wait for ever. Name the job, or pin the check to the app that"
    " reports it"
)
_EXTERNAL = (
    ". If a token reports it, name it in [policy] external_checks of"
    " infra/platform.toml; if an app does, pin it (integration_id)"
)
Runs = Literal["yes", "perhaps", "no"]
_Events = dict[str, dict[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowJob:
    """A job: the *pattern* that its name matches in full, and what it was read as.

    A job of a matrix adds its values in parentheses; one that calls a workflow reports
    as ``caller / job``; an expression in a name may become anything. *workflow* is the
    file, *on* each event that starts it with its filters (``None`` if nobody can tell),
    *condition* the text of its ``if:``, *broken* why its workflow cannot be read.
    """

    name: str
    pattern: str
    workflow: str = ""
    on: Mapping[str, Mapping[str, Json]] | None = None
    condition: str = ""
    broken: str = ""

    def runs_for_a_pull_request(self, branch: str) -> tuple[Runs, str]:
        """Say whether it runs on each pull request to *branch*, and why not."""
        if self.on is None:
            return "perhaps", ""
        event = next((each for each in _PULLS if each in self.on), "")
        if not event and _takes(_branches(self.on.get("push")), _A_BRANCH):
            said = "runs on push alone, never for a fork's pull request"
            return "perhaps", f"{self.workflow} {said}"
        if not event:
            return "no", f"{self.workflow} does not run on pull_request"
        if not _takes(bases := _branches(self.on[event]), branch):
            said = f"runs for pull requests to {', '.join(bases)} alone"
            return "no", f"{self.workflow} {said}"
        skips = self._skips(self.on[event])
        return "perhaps" if skips else "yes", skips

    def _skips(self, filters: Mapping[str, Json]) -> str:
        for key in ("paths", "paths-ignore"):
            if paths := ", ".join(_texts(filters.get(key))):
                said = f"{self.workflow} skips pull requests by {key}: {paths}"
                return f"{said}; the check of one that is skipped never comes"
        types = _texts(filters.get("types"))
        if types and not {"opened", "synchronize"} <= {*types}:
            said = f"{self.workflow} runs for pull requests that are {', '.join(types)}"
            return f"{said} alone, not each time that one is opened and pushed to"
        odd = "event_name" in self.condition and "pull_request" not in self.condition
        return f"{self.name} runs if: {self.condition}" if odd else ""

    def runs_in_a_queue(self) -> tuple[Runs, str]:
        """Say whether it runs on the groups of a merge queue, and why not."""
        if self.on is None:
            return "perhaps", ""
        if "merge_group" in self.on:
            return "yes", ""
        return "no", f"{self.workflow} does not run on merge_group: the queue waits"


def jobs_of(workflows: Mapping[str, str]) -> tuple[WorkflowJob, ...]:
    """Return the jobs of *workflows*, path → text."""
    return tuple(x for path in sorted(workflows) for x in _jobs(path, workflows[path]))


def reporting(jobs: Sequence[WorkflowJob], context: str) -> tuple[WorkflowJob, ...]:
    """Return the jobs that may report as the status check *context*."""
    return tuple(job for job in jobs if re.fullmatch(job.pattern, context))


def _jobs(path: str, text: str) -> Iterator[WorkflowJob]:
    broken = "it has no jobs"
    try:
        workflow = parse_yaml(text, as_text=True)  # "on" does not become True
    except ValueError as error:
        workflow, broken = None, str(error)
    top = workflow if isinstance(workflow, dict) else {}
    jobs, events = top.get("jobs"), top.get("on")
    on: _Events | None = {each: {} for each in _texts(events)} or None
    if isinstance(events, dict):
        on = {x: y if isinstance(y, dict) else {} for x, y in _merged(events).items()}
    if not isinstance(jobs, dict):
        yield WorkflowJob(name=path, pattern=".*", workflow=path, broken=broken)
        return
    for key, value in jobs.items():
        job = _merged(value) if isinstance(value, dict) else {}
        name = str(job.get("name") or key)
        parts = [re.escape(part) for part in _EXPRESSION.split(name)]
        matrix = r"(?: \(.*\))?" if "strategy" in job and len(parts) == 1 else ""
        called = " / .*" if "uses" in job else ""
        yield WorkflowJob(
            name=name,
            pattern=f"{'.*'.join(parts)}{matrix}{called}" if job else ".*",
            workflow=path,
            on=on,
            condition=str(job.get("if") or ""),
        )


def _merged(mapping: Mapping[str, Json]) -> dict[str, Json]:
    """Return *mapping* with what ``<<`` brings in: BaseLoader leaves it as a key."""
    bases = mapping.get("<<")
    merged: dict[str, Json] = {}
    for base in objects_in(bases if isinstance(bases, list) else [bases])[::-1]:
        merged |= base
    return merged | {key: mapping[key] for key in mapping if key != "<<"}


def _branches(filters: Mapping[str, Json] | None) -> tuple[str, ...]:
    if filters is None:
        return ()
    ignored = (f"!{each}" for each in _texts(filters.get("branches-ignore")))
    return _texts(filters.get("branches")) or ("**", *ignored)


def _takes(patterns: Sequence[str], branch: str) -> bool:
    taken = False
    for each in patterns:  # the last that matches decides
        if glob_matches(each.removeprefix("!"), branch, deep=True):
            taken = not each.startswith("!")
    return taken


def _texts(value: Json) -> tuple[str, ...]:
    """Return the texts of a list, or the one text: YAML takes both."""
    return tuple(map(str, value if isinstance(value, list) else filter(None, [value])))


def lint_checks(
    rulesets: Sequence[Ruleset],
    jobs: Sequence[WorkflowJob],
    external: Sequence[str],
    branches: Sequence[str],
) -> Iterator[Finding]:
    """Yield each required check that cannot report, or perhaps does not.

    *external* are checks that a token reports, or an app that is not pinned. *branches*
    are released from, the default branch first: their pushes have to start releases and
    checks. It is an error only where nothing can ever report.
    """
    yield from _of_workflows(jobs, branches)
    queued = any("merge_queue" in each.kinds for each in rulesets)
    for ruleset in rulesets:
        branch = _branch_of(ruleset, branches[0])
        for check in objects_in(ruleset.listed(_CHECKS, _CHECKS)):
            context, app = str(check.get("context")), check.get("integration_id")
            if context in external or app not in (None, GITHUB_ACTIONS):
                continue  # another app reports it, not a workflow
            problem = f"no job of .github/workflows is called {context!r}"
            problem, warning = problem + (_PINNED if app else _EXTERNAL), not app
            if found := reporting(jobs, context):
                problem, warning = _silent(found, branch, queue=queued)
            if problem:
                where = f"rules.{_CHECKS}.{_CHECKS}[{context}]"
                yield Finding(where, problem, ruleset=ruleset.name, warning=warning)


def _of_workflows(
    jobs: Sequence[WorkflowJob], branches: Sequence[str]
) -> Iterator[Finding]:
    """Yield each workflow that cannot be read, or that a push never starts."""
    for job in (x for x in jobs if x.broken):
        said = f"cannot be read, so GitHub may run nothing of it: {job.broken}"
        where = f".github/workflows/{job.workflow}"
        yield Finding("the file", said, ruleset=where, warning=True)
    started = {x.workflow: x.on["push"] for x in jobs if x.on and "push" in x.on}
    for name, branch in product(("release.yml", "ci.yml"), branches):
        if name in started and not _takes(_branches(started[name]), branch):
            said = f"names no pattern that takes {branch}, a branch that is released"
            said += " from (infra/platform.toml)"
            yield Finding("on.push.branches", said, ruleset=f".github/workflows/{name}")


def _silent(jobs: Sequence[WorkflowJob], base: str, *, queue: bool) -> tuple[str, bool]:
    """Say why none of *jobs* reports each time; a warning unless none ever can."""
    pulls = [job.runs_for_a_pull_request(base) for job in jobs]
    for answers in (pulls, [job.runs_in_a_queue() for job in jobs if queue]):
        reasons = dict.fromkeys(reason for _, reason in answers if reason)
        states: set[Runs] = {state for state, _ in answers}
        if reasons and "yes" not in states:
            never = states == {"no"}
            said = "waits for ever" if never else "may wait for ever"
            return f"{said}: {'; '.join(reasons)}", not never
    return "", False


def _branch_of(ruleset: Ruleset, default_branch: str) -> str:
    """Return a branch that *ruleset* binds, the default one if it may."""
    full = (x for x in ruleset.refs("include") if x.startswith("refs/heads/"))
    named = [x.removeprefix("refs/heads/") for x in full if not is_wildcard(x)]
    return default_branch if default_branch in named or not named else named[0]
