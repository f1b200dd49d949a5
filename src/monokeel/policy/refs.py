"""The refs that a ruleset binds, and what is wrong with how they are written."""

import re
from collections.abc import Iterator, Mapping

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import CONDITIONS
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.shape import Finding, check_members

_PREFIX = {"branch": "refs/heads/", "tag": "refs/tags/"}
_SYMBOLS = {"branch": ("~ALL", "~DEFAULT_BRANCH"), "tag": ("~ALL",)}
# fnmatch with FNM_PATHNAME, without quoting, `[^…]` and extglob (GitHub docs).
_NOT_FNMATCH = re.compile(r"\\|\[\^|[?*+@!]\(")


def lint_refs(ruleset: Ruleset) -> Iterator[Finding]:
    """Yield what is wrong with the conditions of *ruleset*."""
    name, target = ruleset.name, str(ruleset.body.get("target", "branch"))
    conditions = ruleset.body.get("conditions")
    if target not in _PREFIX:
        if isinstance(conditions, dict) and conditions:
            problem = f"has no meaning for target {target}"
            yield Finding(ruleset=name, path="conditions", problem=problem)
        return
    refs = conditions.get("ref_name") if isinstance(conditions, dict) else None
    if not isinstance(conditions, dict) or not isinstance(refs, dict):
        problem = 'is missing: write {"include": [...], "exclude": [...]}'
        yield Finding(ruleset=name, path="conditions.ref_name", problem=problem)
        return
    yield from check_members(name, "conditions", conditions, CONDITIONS.members)
    for key in conditions:
        if key.startswith(("repository_", "organization_")):
            problem = "is for an organization's rulesets"
            yield Finding(ruleset=name, path=f"conditions.{key}", problem=problem)
    yield from _lists(name, refs, target)


def _lists(name: str, refs: Mapping[str, Json], target: str) -> Iterator[Finding]:
    for key in ("include", "exclude"):
        where = f"conditions.ref_name.{key}"
        listed = refs.get(key)
        if not isinstance(listed, list):
            problem = "is missing: always send it"
            yield Finding(ruleset=name, path=where, problem=problem)
            continue
        for ref in listed:
            problem = _problem(ref, target) if isinstance(ref, str) else ""
            if problem:
                yield Finding(
                    ruleset=name, path=where, problem=f"has {ref!r}: {problem}"
                )
    if refs.get("include") == []:
        yield Finding(
            ruleset=name,
            path="conditions.ref_name.include",
            problem="is empty: the ruleset binds no ref at all",
            warning=True,
        )


def _problem(ref: str, target: str) -> str:
    prefix, symbols = _PREFIX[target], _SYMBOLS[target]
    if ref.startswith("~"):
        if ref not in symbols:
            return f"write one of {', '.join(symbols)} or a full ref"
    elif not ref.startswith(prefix) or ref == prefix:
        return f"write a full ref: {prefix}NAME"
    elif _NOT_FNMATCH.search(ref):
        return "no backslash, [^…] or extended pattern is allowed"
    return ""
