"""What a drift run was asked for: the policy, the settings, which sections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from monokeel.ground.errors import UsageError
from monokeel.ground.settings import Settings
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.shape import Finding

SECTIONS = ("rulesets", "settings", "pointers", "releases")
ALLOWED = (  # bypass_actors: all that only administration rights show
    "bypass_actors",
    "classic_protection",
    "deploy_keys",
    "environments",
    "immutable_releases",
    "reviewers",
    "secrets",
    "settings",
    "workflow_rights",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: the policy, the settings, and what to look at.

    *repository* is the one that is asked about, ``owner/repo``; *allowed* names what
    may stay unverified; *sections* is never empty. *disagreements* is where policy and
    settings speak of different things.
    """

    repository: str
    policy: tuple[Ruleset, ...]
    settings: Settings
    sections: tuple[str, ...] = SECTIONS
    allowed: tuple[str, ...] = ()
    disagreements: tuple[Finding, ...] = ()


def parse_sections(text: str) -> tuple[str, ...]:
    """Return the sections that *text* (``rulesets,settings``) names; all for ``""``.

    Raises UsageError for a section that there is not.
    """
    named = _names(text)
    _refuse_unknown("section", named, SECTIONS)
    return tuple(each for each in SECTIONS if each in named) or SECTIONS


def parse_allowed(text: str) -> tuple[str, ...]:
    """Return what ``--allow-unverified`` lets pass; UsageError for another word."""
    named = _names(text)
    _refuse_unknown("thing to leave unverified", named, ALLOWED)
    return named


def _names(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _refuse_unknown(what: str, named: Sequence[str], known: Collection[str]) -> None:
    wrong = [each for each in named if each not in known]
    if wrong:
        raise UsageError(
            f"there is no {what} {', '.join(wrong)}",
            fix=f"Choose from: {', '.join(known)}.",
        )
