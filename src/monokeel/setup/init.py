"""Connect a new repository to GitHub; a second run changes nothing."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from monokeel.ground.answers import (
    Declined,
    Json,
    Lost,
    Moved,
    Unknown,
    as_list,
    as_number,
    as_object,
)
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings


class Clone(Protocol):
    """The clone that is to be connected, and its remote."""

    def address(self) -> str | None:
        """Return the address of the remote, ``None`` if there is none."""

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → commit of the remote's refs under *prefixes*."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* of the remote at *new* if it is at *old*."""


class Repository(Protocol):
    """The repository's settings on GitHub."""

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; ``permissions`` says what the token may."""

    def own_number(self) -> int | None:
        """Return the account number of the token's user, if it has one."""

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        """Return the deploy keys: ``title``, ``key``, ``read_only``."""

    def create_deploy_key(self, title: str, key: str) -> dict[str, Json]:
        """Register the public *key* with write access."""

    def get_environment(self, name: str) -> dict[str, Json] | None:
        """Return the Environment *name*, ``None`` if there is none."""

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        """Create or change the Environment; what *body* leaves out is reset."""

    def list_branch_policies(self, environment: str) -> list[str]:
        """Return the branch patterns that may deploy to *environment*."""

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        """Let branches that match *pattern* deploy to *environment*."""

    def list_environment_secrets(self, environment: str) -> list[str]:
        """Return the names of the secrets of *environment*."""

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked."""

    def enable_immutable_releases(self) -> None:
        """Lock every release published from now on."""


class KeyPair(Protocol):
    """The key pair on this machine, outside the repository."""

    @property
    def file(self) -> str:
        """The path of the private key."""

    def public_key(self) -> str | None:
        """Return the public key, ``None`` if there is no pair."""

    def create(self, comment: str) -> str:
        """Make a pair and return its public key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that had to be so: it was, is now, or is left to somebody.

    *detail* says what was found or made; *to_do* is the rest, often a command.
    """

    name: str
    state: Literal["was there", "done", "left to you"]
    detail: str
    to_do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What init changes and asks."""

    clone: Clone
    repository: Repository
    keys: KeyPair


def init_report(settings: Settings, steps: tuple[Step, ...]) -> Report:
    """Return the report of all *steps*."""
    changed = [step for step in steps if step.state == "done"]
    left = [step for step in steps if step.state == "left to you"]
    if changed:
        steps_done = "1 step" if len(changed) == 1 else f"{len(changed)} steps"
        headline = f"{settings.repository}: {steps_done} done"
    else:
        headline = f"{settings.repository}: nothing had to be changed"
    headline += f", {len(left)} left to you" if left else ""
    rows = tuple((step.name, step.state, step.detail) for step in steps)
    return Report(
        headline=headline,
        sections=(
            Section("", table=Table(("step", "state", "detail"), rows)),
            Section("Left to you", tuple(step.to_do for step in left)),
        ),
        data={
            "verdict": "incomplete" if left else "connected",
            "changed": len(changed),
            "steps": [
                {
                    "name": s.name,
                    "state": s.state,
                    "detail": s.detail,
                    "to_do": s.to_do,
                }
                for s in steps
            ],
        },
    )


KEY_TITLE = "monokeel"
SECRET = "MONOKEEL_DEPLOY_KEY"  # noqa: S105 - the name of a secret, not its value
RELEASE = "release"
# Jobs that hold the App's key. An Environment that is missing when a job names it is
# made by GitHub, open to every branch.
APP_ENVIRONMENTS = ("policy", "template")
_MAIN_ONLY: Mapping[str, Json] = {
    "protected_branches": False,
    "custom_branch_policies": True,
}


def init(settings: Settings, outside: Outside) -> Iterator[Step]:
    """Yield each step as it is done, so that a failure shows how far it came.

    Raises UsageError for a wrong or missing remote, and ServiceError for a token
    without administration rights, both before anything is changed.
    """
    described = outside.repository.get_repository()
    _require_remote(settings, outside.clone.address())
    _require_admin(settings, described)
    yield _push_first(settings, outside.clone)
    yield _deploy_key(settings, outside)
    promoted = {each.name: each.reviewers for each in settings.environments}
    for name in (RELEASE, *promoted, *APP_ENVIRONMENTS):
        ask, branch = promoted.get(name, False), settings.default_branch
        yield from limit_environment(outside.repository, name, branch=branch, ask=ask)
    yield _locked_releases(outside.repository)
    for name in (RELEASE, *promoted):
        yield _secret(settings, outside, name)


def _require_remote(settings: Settings, address: str | None) -> None:
    wanted = f"https://github.com/{settings.repository}.git"
    if address is None:
        raise UsageError(
            "this clone has no remote", fix=f"Run: git remote add origin {wanted}"
        )
    ending = re.compile(
        rf"[/:]{re.escape(settings.repository)}(?:\.git)?/?\Z", re.IGNORECASE
    )
    if ending.search(address) is None:
        shown = re.sub(r"//[^/@]*@", "//", address)
        raise UsageError(
            f"the remote is {shown}, not {settings.repository}",
            fix=f"Run: git remote set-url origin {wanted} (or correct [repository] in"
            " infra/platform.toml)",
        )


def _require_admin(settings: Settings, described: Mapping[str, Json]) -> None:
    rights = described.get("permissions")
    if not isinstance(rights, dict) or rights.get("admin") is not True:
        raise ServiceError(
            f"the token may not administer {settings.repository}",
            fix="Use a token of an administrator: a fine-grained one needs"
            " administration, environments and secrets: write, contents: write.",
        )


def _push_first(settings: Settings, clone: Clone) -> Step:
    branch = settings.default_branch
    ref, name = f"refs/heads/{branch}", f"branch {branch}"
    there = clone.remote_refs((ref,)).get(ref)
    if there is not None:
        return Step(name=name, state="was there", detail=there[:12])
    commit = clone.commit_of(ref)
    if commit is None:
        raise UsageError(
            f"there is no branch {branch} here", fix=f"Run: git switch -c {branch}"
        )
    match clone.move_ref(ref, old=None, new=commit):
        case Moved():
            return Step(name=name, state="done", detail=f"pushed {commit[:12]}")
        case Lost(now=now):
            return Step(name=name, state="was there", detail=str(now)[:12])
        case Declined(reason=reason):
            raise RefusedError(f"GitHub refused the first push: {reason}")


def _deploy_key(settings: Settings, outside: Outside) -> Step:
    name, keys = "deploy key", outside.keys
    here = keys.public_key()
    for registered in outside.repository.list_deploy_keys():
        if registered.get("title") != KEY_TITLE:
            continue
        if registered.get("read_only") is not False:
            problem = f"the deploy key {KEY_TITLE!r} may not write"
        elif here is not None and not _same_key(registered.get("key"), here):
            problem = f"{keys.file} is not the registered deploy key {KEY_TITLE!r}"
        else:
            return Step(name=name, state="was there", detail=f"title {KEY_TITLE}")
        fix = f"delete it (gh repo deploy-key delete {registered.get('id')}), run again"
        return _left(name, "is another", f"{problem}: {fix}")
    public = here or keys.create(f"{KEY_TITLE} {settings.repository}")
    outside.repository.create_deploy_key(KEY_TITLE, public)
    return Step(name=name, state="done", detail=f"private key: {keys.file}")


def _same_key(registered: Json, here: str) -> bool:
    # GitHub keeps type and key and drops the comment.
    return isinstance(registered, str) and registered.split()[:2] == here.split()[:2]


def _locked_releases(repository: Repository) -> Step:
    name = "immutable releases"
    match repository.immutable_releases():
        case True:
            return Step(name=name, state="was there", detail="on")
        case False:
            try:
                repository.enable_immutable_releases()
            except (RefusedError, ServiceError) as error:
                return _left(name, "off", error.problem)
            return Step(name=name, state="done", detail="on from the next release")
        case Unknown(reason=reason):
            return _left(name, "unknown", f"{name}: {reason}")


def _secret(settings: Settings, outside: Outside, environment: str) -> Step:
    name = f"secret in {environment}"
    if SECRET in outside.repository.list_environment_secrets(environment):
        return Step(name=name, state="was there", detail=SECRET)
    file = outside.keys.file
    if outside.keys.public_key() is None:
        to_do = (
            f"{SECRET} is missing in Environment {environment} and its key is not at"
            f" {file}: delete the deploy key {KEY_TITLE!r} and run again"
        )
    else:
        repository = f"--repo {settings.repository}"
        to_do = f"gh secret set {SECRET} --env {environment} {repository} < {file}"
    return _left(name, "not set", to_do)


def _left(name: str, detail: str, to_do: str) -> Step:
    return Step(name=name, state="left to you", detail=detail, to_do=to_do)


def limit_environment(
    repository: Repository, name: str, *, branch: str, ask: bool
) -> Iterator[Step]:
    """Let only *branch* deploy to *name*; with *ask*, after somebody's approval.

    Rules that are there already stay.
    """
    label = f"Environment {name}"
    before = repository.get_environment(name)
    rules = _rules_of(before or {})
    limited = (before or {}).get("deployment_branch_policy") == _MAIN_ONLY
    reviewer = repository.own_number() if ask and not rules.get("reviewers") else None
    refused = ""
    if not limited or reviewer is not None:
        body = {**rules, "deployment_branch_policy": dict(_MAIN_ONLY)}
        refused = _put(repository, name, body, reviewer)
    policies = repository.list_branch_policies(name)
    if branch not in policies:
        repository.add_branch_policy(name, branch)
    asks = bool(rules.get("reviewers")) or bool(reviewer and not refused)
    changed = not limited or branch not in policies or bool(reviewer and not refused)
    yield Step(
        name=label,
        state="done" if changed else "was there",
        detail=f"{branch} only" + (", asks a reviewer" if asks else ""),
    )
    wider = [policy for policy in policies if policy != branch]
    if wider:
        yield _left(label, "is wider", f"{name} also takes {', '.join(wider)}: meant?")
    if ask and not asks:
        why = refused or "this token belongs to no user who could be one"
        yield _left(label, "asks nobody", f"{name} asks nobody for an approval: {why}")


def _put(
    repository: Repository, name: str, body: dict[str, Json], reviewer: int | None
) -> str:
    """Write the Environment; return GitHub's words if it refused the reviewer."""
    if reviewer is not None:
        reviewers: Json = [{"type": "User", "id": reviewer}]
        try:
            repository.put_environment(name, {**body, "reviewers": reviewers})
        except RefusedError as error:
            repository.put_environment(name, body)
            return error.problem
        return ""
    repository.put_environment(name, body)
    return ""


def _rules_of(environment: Mapping[str, Json]) -> dict[str, Json]:
    """Return the rules of *environment* as a change must repeat them to keep them."""
    kept: dict[str, Json] = {}
    for each in as_list(environment.get("protection_rules") or []):
        rule = as_object(each)
        if rule.get("type") == "wait_timer":
            kept["wait_timer"] = rule.get("wait_timer")
        if rule.get("type") == "required_reviewers":
            kept["prevent_self_review"] = rule.get("prevent_self_review") is True
            kept["reviewers"] = [
                _reviewer(as_object(one))
                for one in as_list(rule.get("reviewers") or [])
            ]
    return kept


def _reviewer(one: Mapping[str, Json]) -> dict[str, Json]:
    number = as_number(as_object(one.get("reviewer")).get("id"))
    return {"type": one.get("type"), "id": number}
