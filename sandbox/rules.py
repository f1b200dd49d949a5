"""May this caller move this ref? One answer for REST, releases and git push."""

import fnmatch
from dataclasses import dataclass

from sandbox.actors import Actor
from sandbox.gitrepo import ZERO
from sandbox.records import Change, Ruleset, Suite
from sandbox.rule_checks import CHECKS, CREATION
from sandbox.state import State
from sandbox.wire import (
    Json,
    JsonObject,
    list_of,
    object_of,
    objects,
    text_of,
    texts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The reasons that stop a change, and those that its caller may pass."""

    blocked: tuple[str, ...] = ()
    bypassed: tuple[str, ...] = ()


def matches(state: State, pattern: str, ref: str) -> bool:
    """Say whether *ref* fits *pattern*: fnmatch where ``*`` stops at ``/``."""
    if pattern == "~ALL":
        return True
    if pattern == "~DEFAULT_BRANCH":
        return ref == f"refs/heads/{state.default_branch}"
    wanted, given = pattern.split("/"), ref.split("/")
    if "**" in wanted[:-1]:
        place = wanted.index("**")
        rest = "/".join(wanted[place + 1 :])
        return (
            any(
                fnmatch.fnmatchcase("/".join(given[cut:]), rest)
                for cut in range(place, len(given))
            )
            and given[:place] == wanted[:place]
        )
    return len(wanted) == len(given) and all(
        fnmatch.fnmatchcase(name, part)
        for name, part in zip(given, wanted, strict=True)
    )


def applies(state: State, ruleset: Ruleset, ref: str) -> bool:
    """Say whether an active *ruleset* speaks about *ref*."""
    body = ruleset.body
    prefix = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(
        text_of(body, "target", "branch")
    )
    if text_of(body, "enforcement") != "active" or prefix is None:
        return False
    names = object_of(object_of(body, "conditions"), "ref_name")
    return (
        ref.startswith(prefix)
        and any(matches(state, p, ref) for p in texts(list_of(names, "include")))
        and not any(matches(state, p, ref) for p in texts(list_of(names, "exclude")))
    )


def bypass_mode(ruleset: Ruleset, actor: Actor) -> str | None:
    """Return how *actor* may pass *ruleset*, ``None`` if it may not."""
    for entry in objects(list_of(ruleset.body, "bypass_actors")):
        kind = text_of(entry, "actor_type")
        number = entry.get("actor_id")
        if kind in ("DeployKey", "OrganizationAdmin"):
            number = None
        if any((kind, number) == identity for identity in actor.identities):
            return text_of(entry, "bypass_mode", "always")
    return None


def judge(state: State, actor: Actor, change: Change) -> Verdict:
    """Say which rules stop *change* by *actor*; the suite is written down."""
    verdict, notes = weigh(state, actor, change)
    _write_suite(state, actor, change, verdict)
    state.suites[-1].evaluations = notes
    return verdict


def weigh(state: State, actor: Actor, change: Change) -> tuple[Verdict, list[Json]]:
    """Say which rules would stop *change* by *actor*, with a note on each rule."""
    locked = _immutable_reasons(state, change)
    blocked, bypassed, notes = list(locked), list[str](), list[Json]()
    if locked:
        notes.append(_note("immutable_release_tag", "", "fail", locked))
    for ruleset in state.rulesets:
        if not applies(state, ruleset, change.ref):
            continue
        mode = bypass_mode(ruleset, actor)
        passes = mode in ("always", "exempt") or (
            mode == "pull_request" and change.pull is not None
        )
        for rule in objects(list_of(ruleset.body, "rules")):
            reasons = _reasons(state, change, rule)
            (bypassed if passes else blocked).extend(reasons)
            name, kind = text_of(ruleset.body, "name"), text_of(rule, "type")
            result = "fail" if reasons else "pass"
            notes.append(_note("ruleset", kind, result, reasons, name=name))
    verdict = Verdict(
        blocked=tuple(dict.fromkeys(blocked)), bypassed=tuple(dict.fromkeys(bypassed))
    )
    return verdict, notes


def _note(
    source: str, kind: str, result: str, reasons: list[str], *, name: str = ""
) -> Json:
    """Return one evaluation of a rule suite; a burned name has a source of its own."""
    return {
        "rule_source": {"type": source, "id": None, "name": name or None},
        "enforcement": "active",
        "result": result,
        "rule_type": kind or "creation",
        "details": " ".join(reasons) or None,
    }


def violations(
    state: State, actor: Actor, ref: str, old: str | None, new: str | None
) -> list[str]:
    """Return the reasons why *actor* may not move *ref* from *old* to *new*."""
    return list(judge(state, actor, Change(ref=ref, old=old, new=new)).blocked)


def _immutable_reasons(state: State, change: Change) -> list[str]:
    """Return what the tags of immutable releases refuse, to everybody.

    Moving and deleting: documented, the text is assumed. A burned name: SalamLang#1627.
    """
    if change.word != "tag":
        return []
    tag = change.ref.removeprefix("refs/tags/")
    if change.old is None and tag in state.burned:
        return [CREATION]
    if change.old is None and state.switches.tags_refused:
        return [CREATION]
    locked = any(r.tag == tag and r.immutable for r in state.releases)
    if locked and change.updates and change.old != change.new:
        return ["Cannot update this protected ref."]
    return ["Cannot delete this tag"] if locked and change.new is None else []


def _reasons(state: State, change: Change, rule: JsonObject) -> list[str]:
    check = CHECKS.get(text_of(rule, "type"))
    return check(state, change, object_of(rule, "parameters")) if check else []


def _write_suite(state: State, actor: Actor, change: Change, verdict: Verdict) -> None:
    result = "fail" if verdict.blocked else "bypass" if verdict.bypassed else "pass"
    state.suites.append(
        Suite(
            id=state.next_id(),
            ref=change.ref,
            before=change.old or ZERO,
            after=change.new or ZERO,
            actor=actor,
            pushed_at=state.now(),
            result=result,
        )
    )
