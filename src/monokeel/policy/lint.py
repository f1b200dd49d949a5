"""What is wrong with a policy file, found before any write.

Never part of drift: what GitHub has and what the file says are compared there, and a
file that is badly written still says what it says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from monokeel.ground.answers import Json
from monokeel.policy.comparison import Comparison
from monokeel.policy.rule_types import (
    ACTOR,
    CONDITIONS,
    ENFORCEMENTS,
    READ_ONLY,
    RULE_TYPES,
    TARGETS,
    WRITABLE,
)
from monokeel.policy.rulesets import BYPASS, Ruleset, rules_of
from monokeel.policy.shape import (
    GITHUB_ACTIONS,
    MOST_PATHS,
    Finding,
    actor_label,
    check_members,
    has_default,
    unknown_name,
)
from monokeel.policy.workflow_jobs import Job, reports

_PREFIX = {"branch": "refs/heads/", "tag": "refs/tags/"}
_SYMBOLS = {"branch": ("~ALL", "~DEFAULT_BRANCH"), "tag": ("~ALL",)}
# fnmatch with FNM_PATHNAME, without quoting, `[^…]` and extglob (GitHub docs).
_NOT_FNMATCH = re.compile(r"\\|\[\^|[?*+@!]\(")
# RE2 has no lookaround, back-reference, atomic group or possessive quantifier.
_NOT_RE2 = re.compile(r"\(\?(?:<?[=!]|>|P=|\()|\\[1-9]|[*+?}]\+|\\Z")
_NEED_ID = ("Integration", "Team", "User", "RepositoryRole")


def lint(rulesets: Sequence[Ruleset], jobs: Sequence[Job] | None) -> list[Finding]:
    """Return everything wrong with *rulesets*, in the order of the file.

    *jobs* are the jobs of the repository's workflows; ``None`` leaves out the check
    that some job produces each required status check.
    """
    findings: list[Finding] = []
    for ruleset in rulesets:
        findings += _top(ruleset)
        findings += _conditions(ruleset)
        findings += _actors(ruleset)
        findings += _rules(ruleset)
        if jobs is not None:
            findings += _checks(ruleset, jobs)
    return findings


def errors_among(
    findings: Sequence[Finding], comparisons: Sequence[Comparison]
) -> list[Finding]:
    """Return the findings that forbid a write.

    A ruleset that GitHub holds exactly so is not written, and a name that we do not
    know but GitHub already holds there is GitHub's, not a slip.
    """
    same = {each.name for each in comparisons if each.state == "same"}
    held = {
        (each.name, name)
        for each in comparisons
        for live in each.live
        for name in _names(live)
    }
    return [
        each
        for each in findings
        if not each.warning
        and each.ruleset not in same
        and not (each.unknown and (each.ruleset, each.path) in held)
    ]


def _names(ruleset: Ruleset) -> Iterator[str]:
    for rule in rules_of(ruleset.body):
        yield f"rules.{rule.get('type')}"
        parameters = rule.get("parameters")
        if isinstance(parameters, dict):
            yield from (f"rules.{rule.get('type')}.{key}" for key in parameters)
        yield from (f"rules.{rule.get('type')}.@{key}" for key in rule)


def _top(ruleset: Ruleset) -> Iterator[Finding]:
    name, body = ruleset.name, ruleset.body
    for key in body:
        if key in READ_ONLY:
            problem = "is GitHub's own (read-only): leave it out"
            yield Finding(ruleset=name, path=key, problem=problem)
        elif key not in WRITABLE:
            yield unknown_name(name, key, key, dict.fromkeys(WRITABLE))
    yield from _one_of(name, "target", body.get("target", "branch"), TARGETS)
    yield from _one_of(name, "enforcement", body.get("enforcement"), ENFORCEMENTS)
    if body.get("enforcement") == "evaluate":
        problem = "is evaluate: nothing is enforced, and only Enterprise plans have it"
        yield Finding(ruleset=name, path="enforcement", problem=problem, warning=True)
    if "rules" not in body:
        yield Finding(ruleset=name, path="rules", problem="is missing")


def _one_of(
    ruleset: str, path: str, value: Json, known: Sequence[str]
) -> Iterator[Finding]:
    if value not in known:
        shown = "is missing" if value is None else f"is {value!r}"
        problem = f"{shown}: write one of {', '.join(known)}"
        yield Finding(ruleset=ruleset, path=path, problem=problem)


def _conditions(ruleset: Ruleset) -> Iterator[Finding]:
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
    for key in ("include", "exclude"):
        where = f"conditions.ref_name.{key}"
        listed = refs.get(key)
        if not isinstance(listed, list):
            yield Finding(
                ruleset=name, path=where, problem="is missing: always send it"
            )
            continue
        for ref in listed:
            yield from _ref(name, where, ref, target)
    if refs.get("include") == []:
        problem = "is empty: the ruleset binds no ref at all"
        yield Finding(
            ruleset=name,
            path="conditions.ref_name.include",
            problem=problem,
            warning=True,
        )


def _ref(ruleset: str, path: str, ref: Json, target: str) -> Iterator[Finding]:
    if not isinstance(ref, str):
        return  # check_members has told
    prefix, symbols = _PREFIX[target], _SYMBOLS[target]
    problem = ""
    if ref.startswith("~"):
        if ref not in symbols:
            problem = f"write one of {', '.join(symbols)} or a full ref"
    elif not ref.startswith(prefix) or ref == prefix:
        problem = f"write a full ref: {prefix}NAME"
    elif _NOT_FNMATCH.search(ref):
        problem = "no backslash, [^…] or extended pattern is allowed"
    if problem:
        yield Finding(ruleset=ruleset, path=path, problem=f"has {ref!r}: {problem}")


def _actors(ruleset: Ruleset) -> Iterator[Finding]:
    name, actors = ruleset.name, ruleset.body.get(BYPASS, [])
    if not isinstance(actors, list):
        yield Finding(ruleset=name, path=BYPASS, problem="is not a list; [] for nobody")
        return
    seen: set[str] = set()
    for actor in actors:
        label = actor_label(actor)
        where = f"{BYPASS}{label}"
        if not isinstance(actor, dict):
            yield Finding(ruleset=name, path=where, problem="is not an object")
            continue
        if label in seen:
            yield Finding(ruleset=name, path=where, problem="is there twice")
        seen.add(label)
        given = {key: value for key, value in actor.items() if value is not None}
        yield from check_members(name, where, given, ACTOR.members)
        for problem, warning in _actor(
            actor, str(ruleset.body.get("target", "branch"))
        ):
            yield Finding(ruleset=name, path=where, problem=problem, warning=warning)


def _actor(actor: Mapping[str, Json], target: str) -> Iterator[tuple[str, bool]]:
    """Yield each problem of one actor, and whether it is a warning only."""
    kind, number = actor.get("actor_type"), actor.get("actor_id")
    mode = actor.get("bypass_mode", "always")
    if kind in _NEED_ID and number is None:
        yield "needs an actor_id", False
    if kind == "DeployKey" and number is not None:
        yield "has an actor_id: deploy keys have none, write null", False
    if (kind, number) == ("Integration", GITHUB_ACTIONS):
        yield "is GitHub Actions: GitHub refuses it in a repository's ruleset", False
    if mode == "pull_request" and kind == "DeployKey":
        yield "a deploy key cannot have bypass_mode pull_request", False
    elif mode == "pull_request" and target != "branch":
        yield "bypass_mode pull_request is for branch rulesets only", False
    if mode == "exempt":
        yield "exempt leaves no audit entry: the rules are not even evaluated", True


def _rules(ruleset: Ruleset) -> Iterator[Finding]:
    name, target = ruleset.name, str(ruleset.body.get("target", "branch"))
    for rule in rules_of(ruleset.body):
        kind = str(rule.get("type"))
        where = f"rules.{kind}"
        known = RULE_TYPES.get(kind)
        if known is None:
            yield unknown_name(name, where, kind, RULE_TYPES)
            continue
        if target in TARGETS and target not in known.targets:
            problem = f"is a rule for {' and '.join(known.targets)}, not for {target}"
            yield Finding(ruleset=name, path=where, problem=problem)
        for key in rule:
            if key not in ("type", "parameters"):
                yield unknown_name(name, f"{where}.@{key}", key, {"parameters": 0})
        yield from _parameters(name, where, rule)
        yield from _limits(name, where, rule)


def _parameters(
    ruleset: str, where: str, rule: Mapping[str, Json]
) -> Iterator[Finding]:
    shapes = RULE_TYPES[str(rule["type"])].parameters
    parameters = rule.get("parameters")
    if parameters is None:
        if any(each.required and not has_default(each) for each in shapes.values()):
            yield Finding(ruleset=ruleset, path=where, problem="has no parameters")
    elif not isinstance(parameters, dict):
        problem = "has parameters that are no object"
        yield Finding(ruleset=ruleset, path=where, problem=problem)
    else:
        yield from check_members(ruleset, where, parameters, shapes)
        if parameters.get("operator") == "regex":
            yield from _pattern(ruleset, f"{where}.pattern", parameters.get("pattern"))


def _pattern(ruleset: str, path: str, pattern: Json) -> Iterator[Finding]:
    if not isinstance(pattern, str):
        return
    problem = ""
    if _NOT_RE2.search(pattern):
        problem = "RE2 has no lookaround, back-reference, atomic or possessive group"
    else:
        try:
            re.compile(pattern)
        except re.error as error:
            problem = str(error)
    if problem:
        shown = f"is no regular expression for GitHub: {problem}"
        yield Finding(ruleset=ruleset, path=path, problem=shown)


def _limits(ruleset: str, where: str, rule: Mapping[str, Json]) -> Iterator[Finding]:
    parameters = rule.get("parameters")
    for key, value in (parameters if isinstance(parameters, dict) else {}).items():
        if not key.startswith("restricted_file_") or not isinstance(value, list):
            continue
        if len(value) > MOST_PATHS or any(len(str(x)) > MOST_PATHS for x in value):
            problem = "has more than 200 entries, or one of over 200 characters"
            yield Finding(ruleset=ruleset, path=f"{where}.{key}", problem=problem)


def _checks(ruleset: Ruleset, jobs: Sequence[Job]) -> Iterator[Finding]:
    for rule in rules_of(ruleset.body):
        parameters = rule.get("parameters")
        if rule.get("type") != "required_status_checks":
            continue
        listed = (
            parameters.get("required_status_checks")
            if isinstance(parameters, dict)
            else None
        )
        for check in listed if isinstance(listed, list) else []:
            if not isinstance(check, dict):
                continue
            context, app = check.get("context"), check.get("integration_id")
            if app not in (None, GITHUB_ACTIONS) or not isinstance(context, str):
                continue  # another app reports it, not a workflow
            if not reports(jobs, context):
                problem = (
                    f"no job of .github/workflows is called {context!r}: every merge"
                    " would wait for ever. Name the job, or pin the check to the app"
                    " that reports it (integration_id)"
                )
                yield Finding(
                    ruleset=ruleset.name,
                    path="rules.required_status_checks.required_status_checks"
                    f"[{context}]",
                    problem=problem,
                )
