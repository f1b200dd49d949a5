"""Required checks against what the workflows can report."""

from collections.abc import Iterator, Sequence

from monokeel.policy.refs import is_wildcard, patterns_of
from monokeel.policy.rulesets import Ruleset, parameters_of
from monokeel.policy.shape import GITHUB_ACTIONS, Finding
from monokeel.policy.workflow_jobs import Job, Runs, reporting


def lint_checks(
    rulesets: Sequence[Ruleset],
    jobs: Sequence[Job],
    external: Sequence[str],
    default_branch: str,
) -> Iterator[Finding]:
    """Yield each required check that cannot report, or perhaps does not.

    *external* are checks that a token reports, or an app that is not pinned: no job of
    ours. It is an error only where nothing can ever report.
    """
    queued = any(parameters_of(each, "merge_queue") is not None for each in rulesets)
    for ruleset in rulesets:
        branch = _branch_of(ruleset, default_branch)
        for context, app in _required(ruleset):
            where = f"rules.required_status_checks.required_status_checks[{context}]"
            if context in external or app not in (None, GITHUB_ACTIONS):
                continue  # another app reports it, not a workflow
            found = reporting(jobs, context)
            problem, warning = (
                _silent(found, branch, queued=queued)
                if found
                else _unknown(context, pinned=app == GITHUB_ACTIONS)
            )
            if problem:
                yield Finding(
                    ruleset=ruleset.name, path=where, problem=problem, warning=warning
                )


def _unknown(context: str, *, pinned: bool) -> tuple[str, bool]:
    missing = f"no job of .github/workflows is called {context!r}"
    if pinned:
        fix = "Name the job, or pin the check to the app that reports it"
        return f"{missing}: every merge would wait for ever. {fix}", False
    fix = (
        "If a token reports it, name it in [policy] external_checks of"
        " infra/platform.toml; if an app does, pin it (integration_id)"
    )
    return f"{missing}. {fix}", True


def _silent(found: Sequence[Job], branch: str, *, queued: bool) -> tuple[str, bool]:
    """Say why none of *found* reports each time; a warning unless none ever can."""
    for answers in (
        [job.runs_for_a_pull_request(branch) for job in found],
        [job.runs_in_a_queue() for job in found] if queued else [],
    ):
        reasons = dict.fromkeys(reason for _, reason in answers if reason)
        states: set[Runs] = {state for state, _ in answers}
        if reasons and "yes" not in states:
            never = states == {"no"}
            said = "waits for ever" if never else "may wait for ever"
            return f"{said}: {'; '.join(reasons)}", not never
    return "", False


def _required(ruleset: Ruleset) -> Iterator[tuple[str, object]]:
    parameters = parameters_of(ruleset, "required_status_checks") or {}
    listed = parameters.get("required_status_checks")
    for check in listed if isinstance(listed, list) else []:
        if isinstance(check, dict) and isinstance(check.get("context"), str):
            yield str(check["context"]), check.get("integration_id")


def _branch_of(ruleset: Ruleset, default_branch: str) -> str:
    """Return a branch that *ruleset* binds, the default one if it may."""
    include, _ = patterns_of(ruleset)
    named = [each for each in include if not is_wildcard(each) and each[0] != "~"]
    if f"refs/heads/{default_branch}" in named or not named:
        return default_branch
    return named[0].removeprefix("refs/heads/")
