"""The facts of one version in one environment: all that the gates judge."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings
from monokeel.ground.version import is_newer
from monokeel.promotion.evidence import ACTIONS
from monokeel.promotion.pointers import Pointers, branch_of
from monokeel.promotion.ports import Outside, Protection, Remote
from monokeel.promotion.reading import Place, Reading
from monokeel.promotion.records import TrackRecord
from monokeel.release.artifact import Artifact, read_artifact, read_record
from monokeel.release.record import ReleaseRecord

Direction = Literal["first", "same", "forward", "back"]
Release = Artifact | Absent | Unknown

_WORKFLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is known about moving *place* to *version*, at *now* (GitHub's clock).

    *commit* is what the tag peels to. *direction* is from what the move leaves,
    *on_line* about the default branch and the lines: ``None`` where the clone cannot
    tell. *before* is about *previous*, *unchecked* why nobody could judge records
    there, *here* about the place. *in_the_way* is a branch that git cannot have beside
    the environment's. *frozen* are end and reason of each open freeze. *release* is
    ``None`` where nobody asked.
    """

    settings: Settings
    place: Place
    version: str
    commit: str
    now: datetime
    on_line: bool | None
    direction: Direction | None
    here: TrackRecord
    previous: str = ""
    before: TrackRecord | None = None
    unchecked: str = ""
    release: Release | None = None
    protection: Protection | Unknown | None = None
    frozen: tuple[tuple[datetime, str], ...] = ()
    hold: str | Unknown = ""
    push_refusal: str = ""
    in_the_way: str = ""
    rollback: bool = False

    @property
    def tag(self) -> str:
        """The git tag of the version."""
        return self.settings.tag(self.version)


def facts_of(
    reading: Reading, clone: Remote, version: str, environment: str
) -> MoveFacts:
    """Return the facts that *reading* and *clone* hold; the rest was not asked for."""
    settings, pointers = reading.settings, reading.pointers
    commit = pointers.releases[version]
    place, previous = reading.place(environment), reading.previous(environment)
    before = previous.name if previous else ""
    heads = [pointers.main, *(pointers.heads.get(line) for line in settings.lines)]
    on_line = {_descends(clone, commit, head) for head in heads if head}
    records = reading.ledger.track_record
    return MoveFacts(
        settings=settings,
        place=place,
        version=version,
        commit=commit,
        now=reading.now,
        on_line=True if True in on_line else None if None in on_line else False,
        direction=_direction(clone, place, commit, version),
        here=records(environment, commit),
        previous=before,
        before=records(before, commit) if before else None,
        unchecked=reading.unchecked.get(before, ""),
        in_the_way=pointers.in_the_way(environment),
        frozen=tuple(
            (end, freeze.reason)
            for end, freeze in reading.freezes
            if environment in freeze.environments
        ),
    )


def _descends(clone: Remote, ancestor: str, commit: str) -> bool | None:
    try:
        return clone.is_ancestor(ancestor, commit)
    except ServiceError:  # this clone cannot tell
        return None


def _direction(clone: Remote, at: Place, commit: str, version: str) -> Direction | None:
    left = at.left
    if left is None or left == commit:
        return "first" if left is None else "same"
    forward, back = _descends(clone, left, commit), _descends(clone, commit, left)
    if forward is None or back is None:
        return None
    # Two lines of releases that left each other: the higher version is the newer one.
    there = at.left_version
    newer = forward if forward or back else there and is_newer(version, there)
    return "forward" if newer else "back"


def read_release(outside: Outside, pointers: Pointers, version: str) -> Release:
    """Return the record of *version* beside the registry, or why there is none."""
    settings = pointers.settings
    tag, at = settings.tag(version), pointers.tags.get(version)
    record = read_record(outside.clone, tag, at)
    if not isinstance(record, ReleaseRecord):
        return record
    return read_artifact(record, settings, outside.images, version=version)


def push_outlook(
    reading: Reading, outside: Outside, environment: str, version: str
) -> tuple[str, tuple[str, ...]]:
    """Return why a push with a token is refused for sure, and what may stop it."""
    branch, warnings = branch_of(environment), tuple[str, ...]()
    exists = environment in reading.pointers.branches
    rules = outside.records.push_refusals(branch, exists=exists)
    if isinstance(rules, Unknown):
        warnings = (f"the rules of {branch} could not be read: {rules.reason}",)
    elif rules:
        return f"the rules of {branch} refuse this token: {', '.join(rules)}", ()
    pointers, known = reading.pointers, outside.clone.commit_of
    tree = partial(outside.clone.tree_of, path=_WORKFLOWS)
    # Equality with the default branch is enough; reports say, with any branch
    # (spinframework/spin#1226). So a refusal is certain where no branch is equal.
    wanted, heads = tree(pointers.releases[version]), pointers.heads.values()
    if tree(pointers.main) == wanted:
        return "", warnings
    # A branch that is not in this clone may be equal.
    elsewhere = any(known(x) is None or tree(x) == wanted for x in dict.fromkeys(heads))
    said = (
        f"{version} has other workflow files than"
        f" {reading.settings.default_branch}{'' if elsewhere else ' and every branch'}:"
        ' without the right to workflows GitHub is "refusing to allow a GitHub App to'
        ' create or update workflow"'
    )
    if not elsewhere and reading.listed.viewer == ACTIONS:
        return said, ()
    return "", (*warnings, f"{said}; set MONOKEEL_DEPLOY_KEY")
