"""Where ``platform.toml`` and the rulesets speak of different refs, actors and names.

Each file is checked alone elsewhere; this is the one check of both, without a token.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from monokeel.ground.settings import Settings
from monokeel.policy import re2
from monokeel.policy.refs import PREFIX, binds
from monokeel.policy.rulesets import Ruleset, listed, parameters_of
from monokeel.policy.shape import Finding

_KEEPS = ("deletion", "non_fast_forward")
_MOVES = ("creation", "update", "deletion")
_DEFAULTS = {"main", "master", "trunk"}  # as the workflows name them
METHODS = {  # a way to merge, and the setting that allows it
    "squash": "allow_squash_merge",
    "merge": "allow_merge_commit",
    "rebase": "allow_rebase_merge",
}


def disagreements(settings: Settings, rulesets: Sequence[Ruleset]) -> Iterator[Finding]:
    """Yield each ref of *settings* that no active ruleset guards, and the like.

    Where rulesets of the organization must be there (``[policy] parents``), they may
    guard what these do not: then it is a warning.
    """
    active = [each for each in rulesets if each.is_active]
    for found in (*_guards(settings, active), *_methods(settings, active)):
        yield replace(
            found,
            ruleset="infra/platform.toml",
            problem=f"and infra/rulesets.json do not agree: {found.problem}",
            warning=found.warning or bool(settings.policy.parents),
        )


def absent_branch(settings: Settings, refs: Sequence[str]) -> Iterator[Finding]:
    """Yield the default branch where *refs*, known of the remote, have another one."""
    heads = [each.removeprefix("refs/heads/") for each in refs]
    others = " and ".join(sorted(_DEFAULTS.intersection(heads)))
    if others and settings.default_branch not in heads:
        yield Finding(
            ruleset="infra/platform.toml",
            path="default_branch",
            problem=f"is {settings.default_branch}, and the remote has {others} alone:"
            " name that one (--answer default_branch=NAME of template.update)",
            warning=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guard:
    """The *rules* that must bind *ref*, which *key* of platform.toml speaks of.

    *by_writer*: our write identity passes them; else nobody should.
    """

    key: str
    ref: str
    rules: tuple[str, ...]
    by_writer: bool = False


def _guards_of(settings: Settings) -> Iterator[_Guard]:
    branches = ("default_branch", settings.default_branch)
    for key, name in (branches, *(("lines", line) for line in settings.lines)):
        yield _Guard(key=key, ref=f"refs/heads/{name}", rules=_KEEPS)
    moved = [
        ("environments", f"refs/heads/env/{x.name}") for x in settings.environments
    ]
    tag = settings.tag("1.0.0")
    claim, released = settings.claim(tag), f"refs/tags/{tag}"
    if claim.startswith(tuple(PREFIX.values())):
        moved.append(("claim_ref", claim))
    for key, ref in moved:
        yield _Guard(key=key, ref=ref, rules=_MOVES, by_writer=True)
    yield _Guard(key="tag_prefix", ref=released, rules=("creation",), by_writer=True)
    yield _Guard(key="tag_prefix", ref=released, rules=("update", "deletion"))


def _guards(settings: Settings, active: Sequence[Ruleset]) -> Iterator[Finding]:
    writer = f"Integration {settings.app_id}" if settings.app_id else "DeployKey"
    for each in _guards_of(settings):
        binding = [x for x in active if binds(x, each.ref, settings.default_branch)]
        for problem, warning in (
            *_unguarded(each, binding),
            *(_locked(each, binding, writer) if each.by_writer else ()),
            *_misnamed(each, binding),
        ):
            yield Finding(path=each.key, problem=problem, warning=warning)


def _unguarded(guard: _Guard, binding: Sequence[Ruleset]) -> Iterator[tuple[str, bool]]:
    """Yield a problem, and whether it is a warning, where not every rule binds."""
    strict = {kind for each in binding if not each.passing for kind in each.kinds}
    there = {kind for each in binding for kind in each.kinds}
    missing = [kind for kind in guard.rules if kind not in there]
    passed = [kind for kind in guard.rules if kind not in strict]
    if missing:
        said = f"{guard.ref}: no active ruleset has {', '.join(missing)} for it"
        yield said, False
    elif passed and not guard.by_writer:
        yield f"{guard.ref}: somebody may pass {', '.join(passed)}", True


def _locked(
    guard: _Guard, binding: Sequence[Ruleset], writer: str
) -> Iterator[tuple[str, bool]]:
    """Yield each ruleset that keeps our own *writer* out."""
    for each in binding:
        held = next((kind for kind in guard.rules if kind in each.kinds), "")
        if held and not any(f"{x} ".startswith(f"{writer} ") for x in each.passing):
            said = f"{guard.ref}: ruleset {each.name} lets no {writer} pass"
            yield f"{said}, and {held} needs it ([repository] writer)", False


def _misnamed(guard: _Guard, binding: Sequence[Ruleset]) -> Iterator[tuple[str, bool]]:
    """Yield each pattern of branch names that refuses the branch."""
    name = guard.ref.removeprefix("refs/heads/")
    for each in binding:
        rule = parameters_of(each, "branch_name_pattern") or {}
        if rule.get("operator") == "regex" and not rule.get("negate"):
            allowed = re2.read(str(rule.get("pattern"))).python
            if allowed is not None and allowed.search(name) is None:
                yield f"{name}: branch_name_pattern of {each.name} refuses it", False


def _methods(settings: Settings, active: Sequence[Ruleset]) -> Iterator[Finding]:
    for each in active:
        methods = list(map(str, listed(each, "pull_request", "allowed_merge_methods")))
        keys = [METHODS.get(method, "") for method in methods]
        if methods and all(settings.on_github.get(key) is False for key in keys):
            yield Finding(
                path="settings",
                problem=f"ruleset {each.name} allows {', '.join(methods)} alone, and"
                " [settings] switches it off: nobody could merge",
            )
