"""Where ``platform.toml`` and the rulesets speak of different refs, actors and names.

Each file is checked alone elsewhere; this is the one check of both, without a token.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monokeel.ground.settings import Settings
from monokeel.policy import re2
from monokeel.policy.refs import PREFIX, binds
from monokeel.policy.rulesets import BYPASS, Ruleset, parameters_of, rules_of
from monokeel.policy.shape import Finding

_FILE = "infra/platform.toml"
_MOVES = ("creation", "update", "deletion")
_METHODS = {
    "squash": "allow_squash_merge",
    "merge": "allow_merge_commit",
    "rebase": "allow_rebase_merge",
}


def disagreements(settings: Settings, rulesets: Sequence[Ruleset]) -> Iterator[Finding]:
    """Yield each ref of *settings* that no active ruleset guards, and the like.

    Where rulesets of the organization must be there (``[policy] parents``), they may
    guard what these do not: then it is a warning.
    """
    rules = _Rules(settings, rulesets)
    branch, tag = settings.default_branch, settings.tag("1.0.0")
    yield from rules.guarded(
        "default_branch", f"refs/heads/{branch}", ("deletion", "non_fast_forward")
    )
    for line in settings.lines:
        ref = f"refs/heads/{line}"
        yield from rules.guarded("lines", ref, ("deletion", "non_fast_forward"))
        yield from rules.named("lines", ref)
    for each in settings.environments:
        ref = f"refs/heads/env/{each.name}"
        yield from rules.guarded("environments", ref, _MOVES, writer=True)
        yield from rules.named("environments", ref)
    yield from rules.named("default_branch", f"refs/heads/{branch}")
    yield from rules.guarded(
        "tag_prefix", f"refs/tags/{tag}", ("creation",), writer=True
    )
    yield from rules.guarded("tag_prefix", f"refs/tags/{tag}", ("update", "deletion"))
    claim = settings.claim(tag)
    if claim.startswith(tuple(PREFIX.values())):
        yield from rules.guarded("claim_ref", claim, _MOVES, writer=True)
    yield from _methods(settings, rulesets)


class _Rules:
    """The active rulesets, asked about one ref of the settings at a time."""

    def __init__(self, settings: Settings, rulesets: Sequence[Ruleset]) -> None:
        self._settings = settings
        self._active = [x for x in rulesets if x.body.get("enforcement") == "active"]

    def guarded(
        self, key: str, ref: str, kinds: Sequence[str], *, writer: bool = False
    ) -> Iterator[Finding]:
        """Yield a finding unless each of *kinds* binds *ref*, for all or the *writer*.

        Without *writer* it is a warning if somebody may pass; with it, our write
        identity must.
        """
        binding = [x for x in self._active if self._binds(x, ref)]
        missing, passed = self._missing(binding, kinds), list[str]()
        if missing:
            said = f"{ref}: no active ruleset has {', '.join(missing)} for it"
            yield self._finding(key, said)
        elif not writer:
            strict = [each for each in binding if not _actors(each)]
            passed = self._missing(strict, kinds)
        if passed:
            said = f"{ref}: somebody may pass {', '.join(passed)}"
            yield replace(self._finding(key, said), warning=True)
        for each in binding if writer else ():
            held = [kind for kind in kinds if self._has(each, kind)]
            if held and not self._passes(each):
                yield self._finding(
                    key,
                    f"{ref}: ruleset {each.name} lets no {self._identity()} pass, and"
                    f" {held[0]} needs it ([repository] writer)",
                )

    def _missing(self, rulesets: Sequence[Ruleset], kinds: Sequence[str]) -> list[str]:
        return [k for k in kinds if not any(self._has(each, k) for each in rulesets)]

    def named(self, key: str, ref: str) -> Iterator[Finding]:
        """Yield a finding if the pattern of branch names refuses the branch *ref*."""
        name = ref.removeprefix("refs/heads/")
        for each in self._active:
            rule = parameters_of(each, "branch_name_pattern")
            if rule is None or rule.get("operator") != "regex" or rule.get("negate"):
                continue
            allowed = re2.read(str(rule.get("pattern"))).python
            refused = allowed is not None and allowed.search(name) is None
            if refused and self._binds(each, ref):
                yield self._finding(
                    key, f"{name}: branch_name_pattern of {each.name} refuses it"
                )

    def _binds(self, ruleset: Ruleset, ref: str) -> bool:
        return binds(ruleset, ref, self._settings.default_branch)

    def _has(self, ruleset: Ruleset, kind: str) -> bool:
        return any(rule.get("type") == kind for rule in rules_of(ruleset.body))

    def _passes(self, ruleset: Ruleset) -> bool:
        label = f"[{self._identity()}"
        return any(each.startswith(label) for each in _actors(ruleset))

    def _identity(self) -> str:
        app = self._settings.app_id
        return f"Integration {app}" if app else "DeployKey"

    def _finding(self, key: str, problem: str) -> Finding:
        return Finding(
            ruleset=_FILE,
            path=key,
            problem=f"and infra/rulesets.json do not agree: {problem}",
            warning=bool(self._settings.policy.parents),
        )


def _methods(settings: Settings, rulesets: Sequence[Ruleset]) -> Iterator[Finding]:
    for each in rulesets:
        methods = (parameters_of(each, "pull_request") or {}).get(
            "allowed_merge_methods"
        )
        if not isinstance(methods, list) or each.body.get("enforcement") != "active":
            continue
        off = [
            x
            for x in methods
            if settings.on_github.get(_METHODS.get(str(x), "")) is False
        ]
        if off and len(off) == len(methods):
            yield Finding(
                ruleset=_FILE,
                path="settings",
                problem=f"and infra/rulesets.json do not agree: ruleset {each.name}"
                f" allows {', '.join(map(str, off))} alone, and [settings] switches it"
                " off: nobody could merge",
            )


def _actors(ruleset: Ruleset) -> list[str]:
    actors = ruleset.tree.get(BYPASS)
    return list(actors) if isinstance(actors, dict) else []
