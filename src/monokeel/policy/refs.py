"""The refs that a ruleset binds, and what is wrong with how they are written.

Patterns are those of Ruby's ``File.fnmatch`` with FNM_PATHNAME, without quoting,
``[^…]`` and extended globs (GitHub docs, "Creating rulesets"): ``*`` does not cross
``/``, ``**/`` is any number of levels, a ``**`` at the end is one (apache/texera#7123).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from monokeel.ground.answers import Json
from monokeel.policy.rule_types import CONDITIONS
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.shape import Finding, check_members

PREFIX = {"branch": "refs/heads/", "tag": "refs/tags/"}
_SHOWN = 6  # names of refs that a ruleset binds
_SYMBOLS = {"branch": ("~ALL", "~DEFAULT_BRANCH"), "tag": ("~ALL",)}
_NOT_FNMATCH = re.compile(r"\\|\[\^|[?*+@!]\(")
_GLOB = re.compile(r"[*?\[]")
# What no ref may hold (git-check-ref-format); glob characters aside.
_NO_REF = re.compile(
    r"[\x00-\x20\x7f~^:]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|[/.]\Z",
)
_DEEP_AT_END = re.compile(r"\*\*(?!/)")
_EXPRESSION = re.compile(r"[\])]\+|\\|\$\Z|\|")


def binds(ruleset: Ruleset, ref: str, default_branch: str) -> bool:
    """Say whether *ruleset*, when it is active, binds *ref* (``refs/heads/main``)."""
    prefix = PREFIX.get(str(ruleset.body.get("target") or "branch"))
    if prefix is None or not ref.startswith(prefix):
        return False

    symbols = {"~ALL": ref, "~DEFAULT_BRANCH": f"refs/heads/{default_branch}"}

    def among(side: str) -> bool:
        return any(
            symbols[each] == ref if each in symbols else glob_matches(each, ref)
            for each in ruleset.refs(side)
        )

    return among("include") and not among("exclude")


def bound_refs(ruleset: Ruleset, refs: Sequence[str], default_branch: str) -> str:
    """Return the *refs* that *ruleset* binds, in words: the first, and how many."""
    bound = [each for each in refs if binds(ruleset, each, default_branch)]
    names = ", ".join(each.split("/", 2)[2] for each in bound[:_SHOWN])
    more = f" and {len(bound) - _SHOWN} more" if len(bound) > _SHOWN else ""
    return f"{names}{more}" or "nothing"


def is_wildcard(pattern: str) -> bool:
    """Say whether *pattern* may match more than one ref."""
    return pattern == "~ALL" or _GLOB.search(pattern) is not None


def glob_matches(pattern: str, name: str, *, deep: bool = False) -> bool:
    """Say whether *pattern* matches *name* in full.

    With *deep*, ``**`` crosses ``/`` wherever it stands, as it does in the filters of
    workflows.
    """
    return _compiled(pattern, deep=deep).fullmatch(name) is not None


def lint_refs(ruleset: Ruleset) -> Iterator[Finding]:
    """Yield what is wrong with the conditions of *ruleset*."""
    target = str(ruleset.body.get("target", "branch"))
    conditions = ruleset.body.get("conditions")
    if target not in PREFIX:
        problem = f"has no meaning for target {target}"
        yield from [Finding(path="conditions", problem=problem)] * bool(conditions)
        return
    refs = conditions.get("ref_name") if isinstance(conditions, dict) else None
    if not isinstance(conditions, dict) or not isinstance(refs, dict):
        problem = 'is missing: write {"include": [...], "exclude": [...]}'
        yield Finding(path="conditions.ref_name", problem=problem)
        return
    given = {key: refs[key] for key in refs if refs[key] is not None}  # else missing
    whole = {**conditions, "ref_name": given}
    yield from check_members("conditions", whole, CONDITIONS.members)
    for key in conditions:
        if key.startswith(("repository_", "organization_")):
            problem = "is for an organization's rulesets"
            yield Finding(path=f"conditions.{key}", problem=problem)
    for key in ("include", "exclude"):
        for problem, warning in _list(refs.get(key), key, target):
            path = f"conditions.ref_name.{key}"
            yield Finding(path=path, problem=problem, warning=warning)


@cache
def _compiled(pattern: str, *, deep: bool) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    words = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    words["**"] = ".*" if deep else words["*"]
    made = "".join(
        words.get(part)
        or (f"(?!/){part}" if part.startswith("[") and part[-1] == "]" else "")
        or re.escape(part)
        for part in parts
        if part
    )
    try:
        return re.compile(made)
    except re.error:  # a range that runs backwards matches nothing
        return re.compile(r"(?!)")


def _list(listed: Json, key: str, target: str) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one list, and whether it is a warning only."""
    if not isinstance(listed, list):  # of another type: that was told
        yield from [("is missing: always send it", False)] * (listed is None)
        return
    if key == "include" and not listed:
        yield "is empty: the ruleset binds no ref at all", True
    for ref in listed:
        if isinstance(ref, str):  # the others were told
            for problem, warning in _problems(ref, target):
                yield f"has {ref!r}: {problem}", warning


def _problems(ref: str, target: str) -> Iterator[tuple[str, bool]]:
    prefix, symbols = PREFIX[target], _SYMBOLS[target]
    rest = ref.removeprefix(prefix)
    if ref.startswith("~"):
        if ref not in symbols:
            yield f"write one of {', '.join(symbols)} or a full ref", False
    elif rest == ref or not rest:
        yield f"write a full ref: {prefix}NAME", False
    elif _NOT_FNMATCH.search(ref):
        yield "no backslash, [^…] or extended pattern is allowed", False
    elif _NO_REF.search(_GLOB.sub("x", rest)) or rest[0] in "/.-":
        yield "no ref can have such a name (git check-ref-format)", True
    else:
        deep = f"{prefix}{_DEEP_AT_END.sub('**/*', rest)}"
        problems = {
            f"{prefix} stands there twice, and matches nothing that is meant": (
                rest.startswith("refs/")
            ),
            "it is a glob, no regular expression: + $ | stand for themselves": (
                _EXPRESSION.search(rest)
            ),
            f"a ** that no / follows is one level; every level is {deep}": (
                _DEEP_AT_END.search(rest)
            ),
        }
        yield from ((problem, True) for problem, found in problems.items() if found)
