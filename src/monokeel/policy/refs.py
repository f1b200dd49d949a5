"""The refs that a ruleset binds, how they are written, and names of branches.

Patterns are those of Ruby's ``File.fnmatch`` with FNM_PATHNAME, without quoting,
``[^…]`` and extended globs (GitHub docs, "Creating rulesets"): ``*`` does not cross
``/``, ``**/`` is any number of levels, a ``**`` at the end is one (apache/texera#7123).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.report import Report
from monokeel.ground.settings import Settings
from monokeel.policy import re2
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import Ruleset

PREFIX = {"branch": "refs/heads/", "tag": "refs/tags/"}
_LONGEST = 120  # of a branch's name, as it is shown
_SHOWN = 6  # names of refs that a ruleset binds
_SYMBOLS = {"branch": ("~ALL", "~DEFAULT_BRANCH"), "tag": ("~ALL",)}
_NOT_FNMATCH = re.compile(r"\\|\[\^|[?*+@!]\(")
_GLOB = re.compile(r"[*?]|\[[^\]]+\]")
# What no ref may hold (git-check-ref-format); glob characters aside.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:\[]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|[/.]\Z")
_DEEP_AT_END = re.compile(r"\*\*(?!/)")
_EXPRESSION = re.compile(r"[\])]\+|\\|\$\Z|\||\{.*\}")


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
    """Say whether *pattern* matches all of *name*; *deep*: ``**`` crosses ``/``."""
    return _compiled(pattern, deep=deep).fullmatch(name) is not None


def lint_refs(ruleset: Ruleset) -> Iterator[Finding]:
    """Yield what is wrong with the conditions of *ruleset*."""
    target = str(ruleset.body.get("target", "branch"))
    conditions = ruleset.body.get("conditions")
    if target not in PREFIX:
        if conditions:
            yield Finding("conditions", f"has no meaning for target {target}")
        return
    given = conditions if isinstance(conditions, dict) else {}
    for key in given:
        if key.startswith(("repository_", "organization_")):
            yield Finding(f"conditions.{key}", "is for an organization's rulesets")
    refs = given.get("ref_name")
    if not isinstance(refs, dict):
        problem = 'is missing: write {"include": [...], "exclude": [...]}'
        yield Finding("conditions.ref_name", problem)
        return
    for key in ("include", "exclude"):
        for problem, warning in _side(refs.get(key), key, ruleset.refs(key), target):
            yield Finding(f"conditions.ref_name.{key}", problem, warning=warning)


def judge_branch(name: str, pattern: str) -> Report:
    """Return a report if branch *name* follows *pattern*, the policy's own.

    Raises RefusedError otherwise. The pattern is searched for, as GitHub's rule does:
    it has its own anchors, and means what RE2 says.
    """
    expression = re2.read(pattern)
    if wrong := expression.problem:
        problem = f"the pattern {pattern!r} of branch names is wrong: {wrong}"
        fix = "Correct it in infra/rulesets.json; ./inv policy.lint reads all of it."
        raise UsageError(problem, fix=fix)
    if (allowed := expression.python) is None:
        said = f"{name}: GitHub judges it; {pattern} has a class of Unicode"
        return Report(headline=said, data={"branch": name})
    if name and name == name.strip() and allowed.search(name):
        return Report(headline=f"{name}: allowed", data={"branch": name})
    words = re.findall(r"[A-Za-z0-9.]+", name.rpartition("/")[2])
    rest = "-".join(words).strip(".").lower()[:_LONGEST] or "what-it-does"
    first = name.partition("/")[0].lower()
    kinds = {"bugfix": "fix", "hotfix": "fix", "feature": "feat"}
    own = () if first == "env" else (kinds.get(first, first),)  # those are pointers
    likely = (*own, "feat", "fix", "feature", "")
    names = (f"{kind}/{rest}" if kind else rest for kind in likely)
    better = next((each for each in names if allowed.search(each)), "")
    fix = f"Rename it, such as: git branch -m {better}"
    if not better:
        fix = f"Rename it (git branch -m NAME): it must match {pattern}"
    problem = f"the name of branch {name[:_LONGEST]!r} is not allowed"
    raise RefusedError(problem, fix=fix)


def branch_pattern(rulesets: Sequence[Ruleset]) -> str:
    """Return the first ``branch_name_pattern``; UsageError without a plain regex."""
    for ruleset in (x for x in rulesets if "branch_name_pattern" in x.kinds):
        rule = ruleset.rule("branch_name_pattern") or {}
        pattern, plain = rule.get("pattern"), rule.get("operator") == "regex"
        if plain and not rule.get("negate") and isinstance(pattern, str):
            return pattern
        problem = f"the branch name rule of ruleset {ruleset.name!r} is no plain regex"
        fix = 'Write it with "operator": "regex" and without "negate".'
        raise UsageError(problem, fix=fix)
    fix = "Add one, or take the check of branch names out of the workflow."
    raise UsageError("infra/rulesets.json has no branch_name_pattern rule", fix=fix)


@cache
def _compiled(pattern: str, *, deep: bool) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    words = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    words["**"] = ".*" if deep else words["*"]
    sets = {x: f"(?!/){x}" for x in parts if x.startswith("[") and x[-1] == "]"}
    made = "".join((words | sets).get(part) or re.escape(part) for part in parts)
    try:
        return re.compile(made)
    except re.error:  # a range that runs backwards matches nothing
        return re.compile(r"(?!)")


def _side(
    given: Json, key: str, refs: Sequence[str], target: str
) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with one list, and whether it is a warning only."""
    if given is None:
        yield "is missing: always send it", False
    elif key == "include" and given == []:
        yield "is empty: the ruleset binds no ref at all", True
    for ref in refs:
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
        twice = f"{prefix} stands there twice, and matches nothing that is meant"
        glob = "it is a glob, no regular expression: + $ | { } stand for themselves"
        problems = {
            twice: rest.startswith("refs/"),
            glob: _EXPRESSION.search(rest),
            f"a ** that no / follows is one level; every level is {deep}": deep != ref,
            "it has a character that cannot be seen": not rest.isprintable(),
        }
        yield from ((problem, True) for problem, found in problems.items() if found)


def shut_out(settings: Settings, rulesets: Sequence[Ruleset]) -> tuple[str, ...]:
    """Return those of *rulesets* that let the token that read them release nothing.

    GitHub says so to its reader: ``current_user_can_bypass`` is "never".
    """
    tag = settings.tag(settings.initial)
    refs = (f"refs/tags/{tag}", settings.claim(tag))
    return tuple(
        each.name
        for each in rulesets
        if each.is_active and "creation" in each.kinds
        if each.body.get("current_user_can_bypass") == "never"
        if any(binds(each, ref, settings.default_branch) for ref in refs)
    )
