"""One check of a plan: a question, its answer, and what blocks the release."""

from dataclasses import dataclass

from monokeel.core.release_plan import Blocker, Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a release is refused, with its values, and what to do about it."""

    problem: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and the blockers that it found."""

    check: Check
    blockers: tuple[Blocker, ...] = ()


def ok(name: str, detail: str) -> Finding:
    """Return the finding that nothing stands in the way."""
    return Finding(check=Check(name=name, status="ok", detail=detail))


def unknown(name: str, reason: str) -> Finding:
    """Return the finding that nobody can tell, because of *reason*."""
    return Finding(check=Check(name=name, status="unknown", detail=reason))


def blocked(name: str, *reasons: Reason) -> Finding:
    """Return the finding that *reasons* stand in the way."""
    return Finding(
        check=Check(
            name=name,
            status="blocked",
            detail="; ".join(reason.problem for reason in reasons),
        ),
        blockers=tuple(
            Blocker(name=name, problem=reason.problem, fix=reason.fix)
            for reason in reasons
        ),
    )


def short(commit: str) -> str:
    """Return the first seven digits of *commit*, as people quote it."""
    return commit[:7]
