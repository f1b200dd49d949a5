"""May this version go there? A pure function a gate; their table makes every list."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from shlex import quote
from typing import Literal

from monokeel.ground.answers import Absent, Found, Unknown
from monokeel.ground.version import is_prerelease, parse_version
from monokeel.ground.words import span
from monokeel.promotion.facts import MoveFacts
from monokeel.release.artifact import Artifact
from monokeel.release.versions import bounds

GateStatus = Literal[
    "ok", "refused", "unknown", "not_asked", "overridden", "skipped", "warning"
]

_FETCH = "Run: git fetch --unshallow --tags (or git fetch --tags)"


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer of the gate *name*: *detail* names the fact, *fix* the way on."""

    status: GateStatus
    detail: str = ""
    fix: str = ""
    name: str = ""


Check = Callable[[MoveFacts], Gate]
_passed, _refused = partial(Gate, "ok"), partial(Gate, "refused")
_unclear, _not_asked = partial(Gate, "unknown"), Gate("not_asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table of gates; *refuses* says when, for the documents.

    *onward*: it is about the environment before, which a rollback and the first have
    not; such a gate can be overridden.
    """

    name: str
    check: Check
    refuses: str
    overridable: bool = False
    onward: bool = False


RULES: list[Rule] = []


def evaluate(at: MoveFacts, why: Mapping[str, str] | None = None) -> tuple[Gate, ...]:
    """Return every gate's answer; *why*, gate → reason, lifts what stops."""
    gates = list[Gate]()
    for rule in RULES:
        gate, reason = rule.check(at), (why or {}).get(rule.name)
        if rule.onward and at.rollback:
            gate = Gate("skipped", "not asked of a rollback")
        elif rule.onward and not at.previous:
            gate = _passed(f"{at.place.name} is the first environment")
        elif rule.overridable and reason and gate.status in {"refused", "unknown"}:
            gate = Gate("overridden", f"{gate.detail}; overridden: {reason}")
        gates.append(replace(gate, name=rule.name))
    return tuple(gates)


def stops_of(gates: Iterable[Gate]) -> list[Gate]:
    """Return the gates that say no, else those that cannot tell; none: it may move."""
    every = [*gates]
    refused = [gate for gate in every if gate.status == "refused"]
    return refused or [gate for gate in every if gate.status == "unknown"]


def _gate(refuses: str, **how: bool) -> Callable[[Check], Check]:
    # Puts the check into the table; it has the name of its gate.
    how.setdefault("overridable", how.get("onward", False))

    def put(check: Check) -> Check:
        name = check.__name__.removeprefix("_")
        RULES.append(Rule(name=name, check=check, refuses=refuses, **how))
        return check

    return put


@_gate("it is a pre-release, and the environment has `prerelease = false`")
def _version(at: MoveFacts) -> Gate:
    name = at.place.name
    if is_prerelease(at.version) and not at.place.environment.prerelease:
        said = f"{at.version} is a pre-release, and {name} takes none"
        return _refused(said, "Promote a full release.")
    return _passed(f"{at.version} may go to {name}")


@_gate("the commit is neither on the default branch nor on one of `lines`")
def _line(at: MoveFacts) -> Gate:
    main, lines = at.settings.default_branch, at.settings.lines
    where = f"on {', '.join((main, *lines))}"
    if at.on_line is None:
        said = f"this clone cannot tell whether {at.tag} is {where}"
        return _unclear(said, _FETCH)
    if at.on_line:
        return _passed(f"{at.tag} is {where}")
    if at.rollback and at.here.outcome == "good":
        return _passed(f"{at.tag} is not {where}, and was good here before")
    fix = "name its branch in [release] lines."
    version = parse_version(at.version)
    for line in sorted(lines, key=len):  # of 1.x and 1.4.x the narrower
        low, high = bounds(line)
        if low <= version < high:
            fix = f"if {line} was deleted, push it again:"
            fix += f" git push origin {at.tag}^{{commit}}:refs/heads/{line}"
    said = f"Merge it into {main} and release a new version, or {fix}"
    return _refused(f"{at.tag} is not {where}", said)


@_gate("`[promotion] blocked` names the version", overridable=True)
def _blocked(at: MoveFacts) -> Gate:
    why = at.settings.blocked.get(at.version)
    fix = "Promote another version, or take it out of [promotion] blocked."
    return _refused(f"{at.version} is blocked: {why}", fix) if why else _passed("no")


@_gate("the tag carries no record of a release of that commit")
def _release(at: MoveFacts) -> Gate:
    if isinstance(at.release, Unknown):
        return _unclear(at.release.reason, "Run again once the remote answers.")
    if isinstance(at.release, Absent):
        said = "It was made before Monokeel came, or by hand: release a new version"
        record = f"the tag {at.tag} carries no record of a release"
        return _refused(record, f"{said} (./inv release).")
    return _passed(f"{at.tag} carries its record") if at.release else _not_asked


@_gate(
    "an image is not there, or not as it was released, under the version or under"
    " `sha-<commit>`"
)
def _images(at: MoveFacts) -> Gate:
    artifact = at.release
    if not isinstance(artifact, Artifact):
        return _not_asked
    wrong, silent = artifact.wrong, artifact.unclear
    if wrong:
        return _refused("; ".join([*wrong, *silent]), _image_fix(artifact))
    if silent:
        said = f"cannot prove, refusing: {'; '.join(silent)}"
        return _unclear(said, "Run again once the registry answers.")
    if not artifact.images:
        return _unclear("the release names no image", "Read the message of the tag.")
    named = ", ".join(artifact.services)
    return _passed(f"{named}: there, with the released digests")


def _image_fix(artifact: Artifact) -> str:
    # An image keeps its name, whatever the repository or the registry is called later.
    known = artifact.services
    for each in (x for x in artifact.record.images if x.service not in known):
        return (
            "Was the repository renamed, or the registry changed? Name the images in"
            f" infra/platform.toml as they were released: {each.setting}."
        )
    # The version still names the very digest: only the other tag was cleaned up.
    whole = {each.image for each in artifact.images if isinstance(each.answer, Found)}
    lost = [each for each in artifact.images if isinstance(each.answer, Absent)]
    if len(lost) != len(artifact.wrong) or not all(e.image in whole for e in lost):
        return (
            f"Check out {artifact.record.commit} and run ./inv release: it puts back"
            " what can be. Else release a new version."
        )
    full = {each.service: each.image for each in artifact.record.images}
    return "Give the tag back: " + " && ".join(
        f"docker buildx imagetools create --tag {full[each.service]}:{each.tag}"
        f" {full[each.service]}@{each.released}"
        for each in lost
    )


@_gate(
    "it has not been good in the environment before, or was rolled back there",
    onward=True,
)
def _order(at: MoveFacts) -> Gate:
    before = at.previous
    if at.before.outcome == "good":
        return _passed(f"{at.version} is or was good in {before}")
    if at.before.outcome == "rolled_back":
        said = f"{at.version} was rolled back in {before}: {at.before.why}"
        return _refused(said, 'Promote another version, or --override order="why".')
    if at.unchecked:
        fix = 'Use a token that may read the activity, or --override order="why".'
        return _unclear(at.before.why or at.unchecked, fix)
    said = f"{at.version} has not been in {before}"
    if at.before.outcome == "unconfirmed":
        said = f"the move of {before} to {at.version} is unconfirmed"
    first = f"First: ./inv promote --env {before} --version {at.version}"
    return _refused(said, f'{first}; a hotfix: --override order="why".')


@_gate("it was live there for less than `soak` since its last start", onward=True)
def _soak(at: MoveFacts) -> Gate:
    wanted, lived = at.place.environment.soak, at.before.live_for
    said = f"live in {at.previous} for {span(lived)} of {span(wanted)}"
    if lived >= wanted:
        return _passed(said if wanted else "none asked for")
    if not at.before.live:
        return _refused(f"{said}, and no longer", 'Or --override soak="why".')
    left, earliest = wanted - lived, at.now + (wanted - lived)
    said += f"; {span(left)} left, earliest {earliest:%Y-%m-%d %H:%MZ}"
    return _refused(said, 'Wait, or --override soak="why".')


@_gate("it was rolled back in this environment", overridable=True)
def _setback(at: MoveFacts) -> Gate:
    if at.here.outcome == "unchecked":
        fix = 'Use a token that may read the activity, or --override setback="why".'
        return _unclear(at.here.why, fix)
    if at.here.outcome != "rolled_back" or at.here.ended is None:
        return _passed("none")
    said = f"{at.version} was rolled back here {span(at.now - at.here.ended)} ago"
    fix = 'Promote another version, or --override setback="why".'
    return _refused(f"{said}: {at.here.why}", fix)


@_gate("a `[[freezes]]` window of this environment is open", overridable=True)
def _freeze(at: MoveFacts) -> Gate:
    if not at.frozen:
        return _passed("none")
    end, why = max(at.frozen)
    said = f"{at.place.name} is frozen until {end:%Y-%m-%d %H:%MZ}: {why}"
    return _refused(said, 'Wait, or --override freeze="why".')


@_gate("the variable `PROMOTE_HOLD` is not empty", overridable=True)
def _hold(at: MoveFacts) -> Gate:
    if isinstance(at.hold, Unknown):
        said = f"nobody can tell whether promotions are on hold: {at.hold.reason}"
        return _unclear(said, 'Let the token read variables, or --override hold="why".')
    if not at.hold:
        return _passed("none")
    fix = 'Empty the variable PROMOTE_HOLD, or --override hold="why".'
    return _refused(f"all promotions are on hold: {at.hold}", fix)


@_gate("it is older than what is there; `--rollback` moves back")
def _downgrade(at: MoveFacts) -> Gate:
    name, there = at.place.name, at.place.left_version or (at.place.left or "")[:12]
    match at.direction, at.rollback:
        case None, _:
            said = f"cannot tell whether {at.version} is newer than {there}"
            return _unclear(f"this clone {said}", _FETCH)
        case "first", True:
            return _refused(f"nothing is in {name} yet", "Promote to it first.")
        case "first", False:
            return _passed(f"the first promotion to {name}")
        case "forward", True:
            said = f"{at.version} is newer than {there}: this is no rollback"
            return _refused(said, "Leave out --rollback.")
        case "back", False:
            how = "the last" if at.place.commit is None else "which is"
            said = f"{at.version} is older than {there}, {how} in {name}"
            return _refused(said, _way_back(at))
        case direction, _:
            said = f"{name} is at {at.version} already"
            return _passed(said if direction == "same" else f"{there} -> {at.version}")


def _way_back(at: MoveFacts) -> str:
    there, back = at.place.left_version, 'add --rollback --reason "why".'
    if not there:
        said = f"{at.place.branch} was moved by hand to no release"
        return f"{said}; back to {at.version}: {back}"
    if at.place.commit is None:
        again = f"./inv promote --env {at.place.name} --version {there}"
        return f"Put back what was there: {again}"
    return f"To move back on purpose {back}"


@_gate(
    "`reviewers = true`, and the GitHub Environment asks for no approval",
    overridable=True,
)
def _approval(at: MoveFacts) -> Gate:
    wanted, there = at.place.environment.reviewers, at.protection
    here = f"GitHub Environment {at.place.name}"
    if there is None:
        return _not_asked
    if isinstance(there, Unknown):
        said = f"cannot see the {here}: {there.reason}"
        fix = "./inv doctor says what the token may see."
        return Gate("unknown" if wanted else "warning", said, fix)
    if isinstance(there, Absent):
        said = f"there is no {here}{': nobody approves' if wanted else ''}"
        fix = "./inv init makes the Environments."
        return Gate("refused" if wanted else "warning", said, fix)
    if wanted and not there:
        said = f"the {here} asks for no approval: nobody approves this move"
        fix = "Add reviewers to it; they need a public repository or a paid plan."
        return _refused(said, fix)
    return _passed(f"the {here} is set up")


@_gate("GitHub would certainly refuse the push of this identity")
def _push(at: MoveFacts) -> Gate:
    name, other = at.place.name, at.in_the_way
    if other:
        return _refused(
            f"git cannot have env/{name} beside the branch {other}",
            "Give that branch another name: git push origin --delete"
            f" {quote(other)} once it has one.",
        )
    if not at.push_refusal:
        return _passed("nothing speaks against it")
    ref = f"refs/heads/{at.place.branch}"
    return _refused(
        at.push_refusal,
        "Push with the deploy key (MONOKEEL_DEPLOY_KEY). By hand, whoever has it:"
        f" git push --force-with-lease={ref}:{at.place.commit or ''}"
        f" git@github.com:{at.settings.repository}.git {at.commit}:{ref}",
    )


OVERRIDABLE = tuple(rule.name for rule in RULES if rule.overridable)
