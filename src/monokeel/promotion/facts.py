"""The facts of one version in one environment: all that the gates judge.

Among them whether GitHub would take the push, asked before anything is written.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monokeel.ground.answers import Absent, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Environment, Settings
from monokeel.ground.version import is_newer
from monokeel.promotion.evidence import ACTIONS
from monokeel.promotion.pointers import Pointers, branch_of
from monokeel.promotion.ports import Outside, Protection, Remote
from monokeel.promotion.reading import Place, Reading
from monokeel.promotion.track_record import TrackRecord
from monokeel.release.artifact import Artifact, read_artifact, read_record
from monokeel.release.record import ReleaseRecord

Direction = Literal["first", "same", "forward", "back"]

_WORKFLOWS = ".github/workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFacts:
    """What is known about moving *environment* to *version*, at *now* (GitHub's clock).

    *commit* is what *tag* peels to, *pointer* that of the branch, ``None`` without one.
    *left* is what the move leaves: the pointer or, if the branch is gone, the commit of
    the last record; *direction* is from there, ``None`` where the clone cannot tell, as
    *on_line* (in the history of one of *lines*). *before* is about *previous*,
    *unchecked* says which records there nobody could judge; *here* is about the
    environment itself. *in_the_way* is a branch that git cannot have beside the
    environment's. *frozen* are end and reason of each open freeze. An *artifact*
    is there only where the release is of this commit.
    """

    repository: str
    version: str
    tag: str
    commit: str
    lines: tuple[str, ...]
    on_line: bool | None
    environment: Environment
    now: datetime
    pointer: str | None
    left: str | None
    left_version: str
    direction: Direction | None
    here: TrackRecord
    previous: Environment | None = None
    before: TrackRecord | None = None
    unchecked: str = ""
    blocked: str = ""
    release: ReleaseRecord | Absent | Unknown | None = None
    artifact: Artifact | None = None
    protection: Protection | Unknown | None = None
    frozen: tuple[tuple[datetime, str], ...] = ()
    hold: str | Unknown = ""
    push_refusal: str = ""
    in_the_way: str = ""
    rollback: bool = False


def facts_of(
    reading: Reading,
    clone: Remote,
    version: str,
    environment: str,
    *,
    hold: str | Unknown,
) -> MoveFacts:
    """Return the facts that *reading* and *clone* hold; release and images are not."""
    settings, pointers = reading.settings, reading.pointers
    commit = pointers.releases[version]
    place, previous = reading.place(environment), reading.previous(environment)
    heads = [pointers.main, *(pointers.heads.get(line) for line in settings.lines)]
    on_line = {_descends(clone, commit, head) for head in heads if head}
    return MoveFacts(
        repository=settings.repository,
        version=version,
        tag=settings.tag(version),
        commit=commit,
        lines=(settings.default_branch, *settings.lines),
        on_line=True if True in on_line else None if None in on_line else False,
        environment=place.environment,
        now=reading.now,
        pointer=place.commit,
        left=place.left,
        left_version=place.left_version,
        direction=_direction(clone, place, commit, version),
        here=reading.track_record(version, environment),
        previous=previous.environment if previous else None,
        before=reading.track_record(version, previous.name) if previous else None,
        unchecked=reading.unchecked.get(previous.name, "") if previous else "",
        blocked=settings.blocked.get(version, ""),
        in_the_way=pointers.in_the_way(environment),
        frozen=tuple(
            (end, freeze.reason)
            for end, freeze in reading.freezes
            if environment in freeze.environments
        ),
        hold=hold,
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
    if forward or back:
        return "forward" if forward else "back"
    # Two lines of releases that left each other: the higher version is the newer one.
    there = at.left_version
    return "forward" if there and is_newer(version, there) else "back"


def read_release(
    outside: Outside, settings: Settings, pointers: Pointers, version: str
) -> tuple[ReleaseRecord | Absent | Unknown, Artifact | None]:
    """Return the record of *version* and what the registry has of it."""
    tag = settings.tag(version)
    record = read_record(outside.clone, tag, pointers.tags.get(version))
    if not isinstance(record, ReleaseRecord):
        return record, None
    return record, read_artifact(record, settings, outside.images, version=version)


def push_outlook(
    reading: Reading, outside: Outside, environment: str, version: str
) -> tuple[str, tuple[str, ...]]:
    """Return why a push with a token is refused for sure, and what may stop it."""
    branch = branch_of(environment)
    exists = environment in reading.pointers.branches
    rules = outside.records.push_refusals(branch, exists=exists)
    warnings = []
    if isinstance(rules, Unknown):
        warnings.append(f"the rules of {branch} could not be read: {rules.reason}")
    elif rules:
        return f"the rules of {branch} refuse this token: {', '.join(rules)}", ()
    equal, elsewhere = _same_files(reading, outside, version)
    if equal:
        return "", tuple(warnings)
    said = (
        f"{version} has other workflow files than"
        f" {reading.settings.default_branch}{'' if elsewhere else ' and every branch'}:"
        ' without the right to workflows GitHub is "refusing to allow a GitHub App to'
        ' create or update workflow"'
    )
    if not elsewhere and reading.listed.viewer == ACTIONS:
        return said, ()
    return "", (*warnings, f"{said}; set MONOKEEL_DEPLOY_KEY")


def _same_files(reading: Reading, outside: Outside, version: str) -> tuple[bool, bool]:
    # Equality with the default branch is enough; reports say, with any branch
    # (spinframework/spin#1226). So a refusal is certain where no branch is equal.
    commit, pointers = reading.pointers.releases[version], reading.pointers
    tree = outside.clone.tree_of
    wanted = tree(commit, _WORKFLOWS)
    if tree(pointers.main, _WORKFLOWS) == wanted:
        return True, True
    for head in dict.fromkeys(pointers.heads.values()):
        if outside.clone.commit_of(head) is None or tree(head, _WORKFLOWS) == wanted:
            return False, True  # a branch that is not in this clone may be equal
    return False, False
