"""GitHub Actions: which actions may run, and what the workflows' own token may do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache, partial

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.parsers import parse_yaml
from monokeel.ground.settings import Settings
from monokeel.setup.ports import Connection, Repository
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

_PERMISSIONS = "/actions/permissions"
_PINNED = re.compile(r"@[0-9a-f]{40}$|/\.github/workflows/")  # no commit for these
_LIMITED: Mapping[str, Json] = {
    "default_workflow_permissions": "read",
    "can_approve_pull_request_reviews": False,
}
_GITHUBS = ("actions/", "github/")  # "created by GitHub", as the setting says
JobRights = tuple[str, str, str, str]  # of one job, in the order of JOB
JOB = ("workflow", "job", "rights", "why")


def actions_in(workflows: Mapping[str, str]) -> list[str]:
    """Return the actions that *workflows* (path → text) use, ``owner/name@ref``."""
    used = set[str]()
    for *_, job in _jobs(workflows):
        steps = job.get("steps")
        for each in (job, *(steps if isinstance(steps, list) else ())):
            name = each.get("uses") if isinstance(each, dict) else None
            if isinstance(name, str) and not name.startswith(("./", "docker://")):
                used.add(name)
    return sorted(used)


def action_rows(at: Connection) -> Iterator[Expectation]:
    """Expect Actions switched on, our actions allowed, and a token of little right."""
    settings, actions, repository = at.settings, at.actions, at.repository
    policy = cache(partial(_policy, repository))

    def verified() -> Answer:
        """Name what runs only if GitHub has verified its creator: no API says it."""
        unsure = _judged(settings.owner, actions, policy())[1]
        if not unsure:
            return AsWanted("none needs a verified creator")
        reason = "run only if GitHub has verified their creators, which nobody can ask"
        return Unknown(reason=f"{', '.join(unsure)}: {reason}", hidden=True)

    row = Expectation(
        "Actions",
        "workflow_rights",
        (f"GET {_PERMISSIONS}", f"GET {_PERMISSIONS}/selected-actions"),
        "no workflow runs",
        lambda: _allowed(settings, actions, policy()),
    )
    yield row
    if actions:
        yield replace(row, name="actions of other owners", ask=verified, watched="note")
    yield Expectation(
        "rights of workflows",
        "workflow_rights",
        (f"GET {_PERMISSIONS}/workflow",),
        "a workflow can approve what a person should",
        partial(_rights, repository),
        writes=(f"PUT {_PERMISSIONS}/workflow",),
        make=partial(repository.write, f"PUT {_PERMISSIONS}/workflow", _LIMITED),
    )


def _policy(repository: Repository) -> dict[str, Json]:
    found = repository.read(_PERMISSIONS)
    if found.get("allowed_actions") == "selected":
        found["selected"] = repository.read(f"{_PERMISSIONS}/selected-actions")
    return found


def _allowed(
    settings: Settings, actions: Sequence[str], policy: Mapping[str, Json]
) -> Answer:
    page = f"https://github.com/{settings.repository}/settings/actions"
    allowed = policy.get("allowed_actions", "all")
    if policy.get("enabled") is not True:
        path = f"repos/{settings.repository}{_PERMISSIONS}"
        return Otherwise("switched off", f"gh api -X PUT {path} -F enabled=true")
    if allowed == "local_only":
        detail = f"only those of {settings.owner} may run, which the workflows need not"
        return Otherwise(detail, f"allow others at {page}")
    loose = [each for each in actions if not _PINNED.search(each)]
    if policy.get("sha_pinning_required") is True and loose:
        detail = f"not by a whole commit, as GitHub asks here: {', '.join(loose)}"
        return Otherwise(detail, f"name their commits, or change it at {page}")
    refused, _ = _judged(settings.owner, actions, policy)
    if allowed == "selected" and refused:
        detail = f"these may not run: {', '.join(refused)}"
        patterns = ",".join(sorted({f"{x.partition('@')[0]}@*" for x in refused}))
        return Otherwise(detail, f"allow {patterns} at {page}")
    return AsWanted(f"{allowed} may run")


def _judged(
    owner: str, actions: Sequence[str], policy: Mapping[str, Json]
) -> tuple[list[str], list[str]]:
    """Return those of *actions* that may not run, and those that perhaps may.

    The *owner*'s may, unless a pattern (``*`` is any text, ``!`` forbids) says no.
    Source: GitHub docs, "Managing GitHub Actions settings for a repository".
    """
    selected = policy.get("selected")
    if not isinstance(selected, dict):
        return [], []
    listed = selected.get("patterns_allowed")
    patterns = [str(x).lower() for x in listed] if isinstance(listed, list) else []
    refused, unsure = list[str](), list[str]()
    for action in actions:
        forms = (action.lower(), action.lower().partition("@")[0])
        matching = [
            x for x in patterns if any(fnmatchcase(y, x.lstrip("!")) for y in forms)
        ]
        github = action.startswith(_GITHUBS) and selected.get("github_owned_allowed")
        named = github or action.lower().startswith(f"{owner.lower()}/")
        if any(x.startswith("!") for x in matching):
            refused.append(action)
        elif not matching and not named:
            verified = selected.get("verified_allowed") is True
            (unsure if verified else refused).append(action)
    return refused, unsure


def _rights(repository: Repository) -> Answer:
    found = repository.read(f"{_PERMISSIONS}/workflow")
    wrong = []
    if found.get("default_workflow_permissions") != "read":
        wrong.append("a workflow that names no permissions may write")
    if found.get("can_approve_pull_request_reviews") is not False:
        wrong.append("workflows may approve pull requests, and open them")
    if wrong:
        return Otherwise("; ".join(wrong), INIT, severe=True)
    return AsWanted("read; they neither open nor approve pull requests")


def rights_of_jobs(workflows: Mapping[str, str]) -> Iterator[JobRights]:
    """Yield what each job may write, and why: as a comment says; "?": nobody knows."""
    for path, top, name, job in _jobs(workflows):
        named = job.get("permissions")
        rights = top.get("permissions") if named is None else named
        part = workflows[path].partition(f"\n  {name}:")[2]
        yield path.rpartition("/")[2], name, *_written(rights, part)


def _jobs(
    workflows: Mapping[str, str],
) -> Iterator[tuple[str, dict[str, Json], str, dict[str, Json]]]:
    """Yield each job: its path, its workflow, its name and itself."""
    for path, text in sorted(workflows.items()):
        try:
            workflow = parse_yaml(text, as_text=True)
        except ValueError:
            continue  # policy.lint says what is wrong with it
        top = workflow if isinstance(workflow, dict) else {}
        jobs = top.get("jobs")
        for name, job in jobs.items() if isinstance(jobs, dict) else ():
            yield path, top, name, job if isinstance(job, dict) else {}


def _written(rights: Json, text: str) -> tuple[str, str]:
    """Return what *rights* let a token write, and the comments beside it in *text*."""
    if rights is None:
        return "?", "GitHub's default: name permissions"
    if not isinstance(rights, dict):
        return ("all" if rights == "write-all" else "", "")
    wide = [area for area, level in rights.items() if level == "write"]
    why = (
        re.search(rf"(?m)^\s+{x}: write[ ]+# (.*)$", text) for x in map(re.escape, wide)
    )
    return ", ".join(wide), "; ".join(each[1] for each in why if each)
