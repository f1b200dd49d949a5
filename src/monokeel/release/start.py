"""Where a release would start from: the clone, its tags, what the remote has.

Nothing is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from monokeel.ground.answers import RemoteRef, Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import Version, read_version
from monokeel.release.ports import History, Outside
from monokeel.release.versions import ReleaseTag, release_tags

Place = Literal["tip", "behind", "ahead", "apart", "unfetched", "no branch", "unknown"]
_TAGS = "refs/tags/"
_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A release that was begun for *commit*, and whether its git tag is made."""

    tag: str
    version: Version
    commit: str
    is_tagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known before any commit message is read.

    *tags* are those of the clone, and those of the remote whose commit the clone has;
    *unfetched* are higher release tags of the remote on commits that it has not.
    *previous* is the last release in the history of *commit*, *unreachable* are the
    releases above it that are not in it, the highest first. *own* is an open claim of
    this very commit: its release was cut short and goes on, and its tag counts as
    neither. *older* are open claims in this history, the lowest first: they are
    finished before this commit is released, and count as released here. *container* is
    the tag, made or claimed, of a commit that contains this one. *stray* are open
    claims of commits in no release branch, *unseen* those of commits that the clone has
    not. *place* says where the commit stands to its branch on the remote. In a
    *shallow* clone nothing is known about releases.
    """

    settings: Settings
    commit: str
    branch: str | None
    shallow: bool
    refs: Mapping[str, RemoteRef] | Unknown
    tags: Mapping[str, str]
    unfetched: tuple[str, ...]
    previous: ReleaseTag | None
    unreachable: tuple[ReleaseTag, ...]
    own: Claim | None
    older: tuple[Claim, ...]
    stray: tuple[Claim, ...]
    unseen: tuple[Claim, ...]
    container: str | None
    place: Place

    @property
    def is_stale(self) -> bool:
        """Whether the remote has commits that decide here and are not in the clone."""
        return bool(self.unfetched or self.unseen) or self.place == "unfetched"

    @property
    def tip(self) -> str | None:
        """The commit of the release branch on the remote, if there is one."""
        return _tip(self.settings, self.refs)

    @property
    def remote_tags(self) -> Mapping[str, str] | Unknown:
        """Tag name → commit on the remote."""
        return self.refs if isinstance(self.refs, Unknown) else _tags_of(self.refs)


def ask_refs(outside: Outside, settings: Settings) -> dict[str, RemoteRef] | Unknown:
    """Return the branches, tags and claims on the remote, by full ref name."""
    if isinstance(outside.remote, Unknown):
        return outside.remote
    try:
        return outside.remote.remote_objects((_HEADS, _TAGS, settings.claim("")))
    except NO_ANSWER as error:
        return Unknown(reason=error.problem)


def read_start(
    settings: Settings,
    history: History,
    refs: Mapping[str, RemoteRef] | Unknown,
    *,
    commit: str = "",
    surely: bool = False,
) -> Start:
    """Return where a release of *commit*, or of HEAD, would start from.

    The highest release tag is taken for the previous release: it nearly always is,
    and the log shows it at no cost. If it does not, ask again *surely*: git then walks
    through all of history to say which tags are in it.
    """
    here, seen = history.tags(), {} if isinstance(refs, Unknown) else refs
    begun, tip = list(_open_claims(settings, seen)), _tip(settings, refs)
    there = release_tags(_tags_of(seen), settings.tag_prefix)
    added = [tag for tag in there if tag.name not in here]
    asked = [tag.commit for tag in added] + [claim.commit for claim in begun]
    kin = _kin(history, commit, asked, tip)
    own, older = _own(begun, kin.commit), tuple(kin.before(begun))
    tags = here | {tag.name: tag.commit for tag in added if tag.commit in kin.known}
    tags |= {claim.tag: claim.commit for claim in older}
    candidates = _released(settings, tags, own)
    above = kin.outside(candidates, here) if surely and not kin.shallow else []
    found = [] if kin.shallow else candidates[len(above) :]
    return Start(
        settings=settings,
        commit=kin.commit,
        branch=history.branch(),
        shallow=kin.shallow,
        refs=refs,
        tags=tags,
        unfetched=_higher(settings, found, kin.unknown(added)),
        previous=found[0] if found else None,
        unreachable=tuple(above),
        own=own,
        older=older,
        stray=tuple(kin.stray(begun, tip)),
        unseen=tuple(each for each in begun if each.commit not in kin.known),
        container=None if own else kin.container(above, begun),
        place="unknown" if isinstance(refs, Unknown) else kin.place(tip),
    )


def _released(
    settings: Settings, tags: Mapping[str, str], own: Claim | None
) -> list[ReleaseTag]:
    """Return the releases among *tags*, the highest first; *own* is none yet."""
    return [
        tag
        for tag in release_tags(tags, settings.tag_prefix)
        if not tag.version.prerelease and (own is None or tag.name != own.tag)
    ]


def _higher(
    settings: Settings, found: Sequence[ReleaseTag], tags: Iterable[ReleaseTag]
) -> tuple[str, ...]:
    """Return the names of those *tags* that rank above the first of *found*."""
    return tuple(
        tag.name
        for tag in tags
        if not tag.version.prerelease
        and str(tag.version) not in settings.skip
        and (not found or tag.version > found[0].version)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kin:
    """Which commits stand before *commit*, and which after it.

    In a *shallow* clone nobody can tell, and nothing is said to be either.
    """

    history: History
    commit: str
    known: Collection[str]
    shallow: bool

    def is_after(self, other: str) -> bool:
        """Say whether *other* stands in the history of the commit."""
        return not self.shallow and self.history.is_ancestor(other, self.commit)

    def unknown(self, tags: Iterable[ReleaseTag]) -> list[ReleaseTag]:
        """Return those of *tags* whose commit the clone has not."""
        return [tag for tag in tags if tag.commit not in self.known]

    def is_before(self, other: str) -> bool:
        """Say whether the commit stands in the history of *other*."""
        return not self.shallow and self.history.is_ancestor(self.commit, other)

    def outside(
        self, tags: Iterable[ReleaseTag], here: Collection[str]
    ) -> list[ReleaseTag]:
        """Return the first of *tags*, up to one that is in the history."""
        merged = self.history.tags(self.commit)
        return list(
            takewhile(
                lambda tag: (
                    tag.name not in merged
                    and (tag.name in here or not self.is_after(tag.commit))
                ),
                tags,
            )
        )

    def before(self, claims: Iterable[Claim]) -> list[Claim]:
        """Return those of *claims* in this history, the lowest first."""
        found = [
            claim
            for claim in claims
            if claim.commit != self.commit
            and claim.commit in self.known
            and self.is_after(claim.commit)
        ]
        return sorted(found, key=lambda claim: claim.version)

    def stray(self, claims: Iterable[Claim], tip: str | None) -> Iterator[Claim]:
        """Yield those of *claims* whose commit no release branch leads to."""
        for claim in claims:
            if claim.commit not in self.known or self.shallow:
                continue
            heads = [self.commit, *([tip] if tip in self.known else [])]
            if not any(
                head == claim.commit or self.history.is_ancestor(claim.commit, head)
                for head in heads
                if head is not None
            ):
                yield claim

    def container(
        self, tags: Iterable[ReleaseTag], claims: Iterable[Claim]
    ) -> str | None:
        """Return the tag of the lowest release, or claim, that contains this commit."""
        made = [(tag.version, tag.name, tag.commit) for tag in tags]
        # A tag may name a file or a tree, which contains nothing.
        commits = self.history.known({at for _, _, at in made})
        made = [each for each in made if each[2] in commits]
        begun = [
            (claim.version, claim.tag, claim.commit)
            for claim in claims
            if claim.commit in self.known
        ]
        for _, name, other in sorted(made + begun, key=lambda each: each[0]):
            if other != self.commit and self.is_before(other):
                return name
        return None

    def place(self, tip: str | None) -> Place:
        """Say where the commit stands to *tip*, that of its branch on the remote."""
        if tip is None:
            return "no branch"
        if tip == self.commit:
            return "tip"
        if tip not in self.known:
            return "unfetched"
        if self.is_before(tip):
            return "behind"
        return "ahead" if self.is_after(tip) else "apart"


def _kin(history: History, commit: str, others: Iterable[str], tip: str | None) -> _Kin:
    return _Kin(
        history=history,
        commit=commit or history.head(),
        known=history.known({*others, *([tip] if tip else [])}),
        shallow=history.is_shallow(),
    )


def _tip(settings: Settings, refs: Mapping[str, RemoteRef] | Unknown) -> str | None:
    ref = f"{_HEADS}{settings.default_branch}"
    return refs[ref].commit if not isinstance(refs, Unknown) and ref in refs else None


def _own(claims: Iterable[Claim], commit: str) -> Claim | None:
    """Return the open claim of *commit*; of several the highest version."""
    mine = [claim for claim in claims if claim.commit == commit]
    return max(mine, key=lambda claim: claim.version, default=None)


def _tags_of(refs: Mapping[str, RemoteRef]) -> dict[str, str]:
    return {
        ref.removeprefix(_TAGS): at.commit
        for ref, at in refs.items()
        if ref.startswith(_TAGS)
    }


def _open_claims(settings: Settings, refs: Mapping[str, RemoteRef]) -> Iterator[Claim]:
    """Yield the claims whose release can be finished: no other commit has the tag."""
    place = settings.claim("")
    for ref, at in sorted(refs.items()):
        tag = ref.removeprefix(place)
        version = read_version(tag.removeprefix(settings.tag_prefix))
        if ref.startswith(place) and version is not None:
            tagged = refs.get(f"{_TAGS}{tag}")
            if tagged is None or tagged.commit == at.commit:
                yield Claim(
                    tag=tag,
                    version=version,
                    commit=at.commit,
                    is_tagged=tagged is not None,
                )
