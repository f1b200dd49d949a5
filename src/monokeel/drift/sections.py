"""What a drift run was asked for, section by section, and what it found in one."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.settings import Settings
from monokeel.policy.reading import Reading, Unverified, Verdict, judge
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import Ruleset

SECTIONS = ("rulesets", "settings", "pointers", "releases")
ALLOWED = (  # bypass_actors: all that only administration rights show
    *("bypass_actors", "classic_protection", "deploy_keys", "environments"),
    *("immutable_releases", "reviewers", "secrets", "settings", "workflow_rights"),
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


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as the files say, in a *line*, and the *steps* that end it.

    *item* names its kind as ``Unverified.item`` does, *subject* the thing itself. A
    step stands in the report behind its subject, with no value left to fill in. It is
    *severe* as often as somebody may do now, or has done, what the files forbid.
    """

    line: str
    subject: str
    steps: Sequence[str]
    _: KW_ONLY
    item: str = ""
    severe: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One section of the report: what differs, what is unclear, what to know."""

    drift: Sequence[Deviation] = ()
    unverified: Sequence[Unverified] = ()
    notes: Sequence[str] = ()
    entries: Sequence[Json] = ()
    rulesets: Reading = field(default_factory=Reading)

    def verdict(self, allowed: Sequence[str]) -> Verdict:
        """Return the verdict, where what is *allowed* may stay unverified."""
        return judge(self.drift, self.unverified, allowed)


def parse_sections(text: str) -> tuple[str, ...]:
    """Return the sections in *text*, all for ``""``; UsageError for another word."""
    return _named("section", text, SECTIONS) or SECTIONS


def parse_allowed(text: str) -> tuple[str, ...]:
    """Return what ``--allow-unverified`` lets pass; UsageError for another word."""
    return _named("thing to leave unverified", text, ALLOWED)


def _named(what: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    named = [each.strip() for each in text.split(",") if each.strip()]
    if wrong := ", ".join(each for each in named if each not in known):
        fix = f"Choose from: {', '.join(known)}; several with commas."
        raise UsageError(f"there is no {what} {wrong}", fix=fix)
    return tuple(each for each in known if each in named)
