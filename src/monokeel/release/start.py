"""Where a release would start from: the clone, its tags, what the remote has.

Nothing is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from semver import Version

from monokeel.ground.answers import RemoteRef, Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.settings import Settings
from monokeel.ground.version import read_version
from monokeel.release.ports import History, Merge, Outside
from monokeel.release.versions import (
    WHOLE,
    Limits,
    ReleaseTag,
    Span,
    bounds,
    limits_of,
    release_tags,
)

Place = Literal["tip", "behind", "ahead", "apart", "unfetched", "no branch", "unknown"]
Refs = Mapping[str, RemoteRef] | Unknown
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
class Known:
    """What the clone knows of *commit* and of the remote.

    *here* are its tags, *known* are those commits of the remote that it has, *heads*
    are the release branches. *begun* are the open claims, *added* release tags that
    only the remote has. In a *shallow* clone nobody can tell, and nothing is said to be
    in a history.
    """

    history: History
    commit: str
    branch: str | None
    shallow: bool
    refs: Refs
    here: Mapping[str, str]
    heads: Mapping[str, str]
    begun: tuple[Claim, ...]
    added: tuple[ReleaseTag, ...]
    known: Collection[str]

    def leads(self, older: str, newer: str) -> bool:
        """Say whether *older* is *newer* or stands in its history."""
        return not self.shallow and self.history.is_ancestor(older, newer)

    def line(self, settings: Settings, merge: Merge | None) -> str:
        """Return the branch to release from: that of *merge*, or the one checked out.

        On a detached HEAD it is the first that leads to the commit.
        """
        names = (settings.default_branch, *settings.lines)
        branch = merge.onto if merge else self.branch
        if branch is None and settings.lines:
            for name in names:
                tip = self.heads.get(name)
                if tip in self.known and self.leads(self.commit, str(tip)):
                    return name
        return branch if branch in names else names[0]

    def base(self, merge: Merge | None) -> str:
        """Return the commit whose history counts: a squash brings none along."""
        return merge.base if merge and merge.message else self.commit

    def inside(self, tags: Iterable[ReleaseTag], at: str) -> list[ReleaseTag]:
        """Return those of *tags* that are in the history of *at*."""
        merged = self.history.tags(at)
        return [
            tag
            for tag in tags
            if tag.name in merged
            or (tag.name not in self.here and self.leads(tag.commit, at))
        ]

    def limits(
        self, settings: Settings, tags: list[ReleaseTag], line: str
    ) -> dict[str, Limits] | Unknown:
        """Return the limits of every line that there is; *line* is at our commit."""
        if self.shallow or not settings.lines:
            return {}
        heads = {**self.heads, line: self.commit}
        known = self.history.known(heads.values())
        missing = [name for name, commit in heads.items() if commit not in known]
        if missing:
            return Unknown(reason=f"{', '.join(missing)} has commits that are not here")
        if isinstance(self.refs, Unknown) and settings.default_branch not in heads:
            return Unknown(reason=f"{settings.default_branch} is not here")
        found = {
            name: [tag.version for tag in self.inside(tags, commit)]
            for name, commit in heads.items()
        }
        main = found.pop(settings.default_branch, [])
        return limits_of(found, main)

    def own(self, below: Version | None) -> Claim | None:
        """Return the claim of the commit on this line, of several the highest."""
        span = Span(below=below)
        mine = [x for x in self.begun if x.commit == self.commit]
        mine = [claim for claim in mine if span.has(claim.version)]
        return max(mine, key=lambda claim: claim.version, default=None)

    def older(self) -> list[Claim]:
        """Return the claims in the history of the commit, the lowest first."""
        found = [
            claim
            for claim in self.begun
            if claim.commit != self.commit
            and claim.commit in self.known
            and self.leads(claim.commit, self.commit)
        ]
        return sorted(found, key=lambda claim: claim.version)

    def stray(self, claims: Iterable[Claim]) -> Iterator[Claim]:
        """Yield those of *claims* whose commit no release branch leads to."""
        for claim in claims:
            if claim.commit in self.known and not self.shallow:
                heads = self.history.known({self.commit, *self.heads.values()})
                if not any(self.leads(claim.commit, head) for head in heads):
                    yield claim

    def container(
        self, tags: Iterable[ReleaseTag], claims: Iterable[Claim]
    ) -> str | None:
        """Return the tag of the lowest release, or claim, that contains the commit."""
        made = {(tag.version, tag.name, tag.commit) for tag in tags}
        made |= {(claim.version, claim.tag, claim.commit) for claim in claims}
        # A tag may name a file or a tree, which contains nothing.
        commits = self.history.known({at for _, _, at in made} - {self.commit})
        for _, name, other in sorted(made, key=lambda each: each[0]):
            if other in commits and self.leads(self.commit, other):
                return name
        return None

    def place(self, tip: str | None) -> Place:
        """Say where the commit stands to *tip*, that of its branch on the remote."""
        if isinstance(self.refs, Unknown):
            return "unknown"
        if tip is None or tip == self.commit:
            return "no branch" if tip is None else "tip"
        if tip not in self.known:
            return "unfetched"
        if self.leads(self.commit, tip):
            return "behind"
        return "ahead" if self.leads(tip, self.commit) else "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is known before any commit message is read.

    *line* is the branch to release from: the default branch or one of ``lines``, and
    *limits* says for each of ``lines`` what it may release (Unknown: not all branches
    are here). *tags* are those of the clone, and those of the remote whose commit the
    clone has. *previous* is the last release in the history of the commit,
    *unreachable* are the releases above it that are not in it, the highest first. *own*
    is an open claim of this very commit: its release was cut short and goes on, and its
    tag counts as neither. *older* are open claims in this history, the lowest first:
    they are finished before this commit is released, and count as released here.
    *container* is the tag, made or claimed, of a commit that contains this one. *stray*
    are open claims of commits in no release branch. What is outside of *span* belongs
    to another line and stands in nobody's way. *place* says where the commit stands to
    its branch on the remote. In a shallow clone nothing is known about releases.
    """

    settings: Settings
    clone: Known
    line: str
    limits: Mapping[str, Limits] | Unknown
    span: Span
    tags: Mapping[str, str]
    previous: ReleaseTag | None
    unreachable: tuple[ReleaseTag, ...]
    own: Claim | None
    older: tuple[Claim, ...]
    stray: tuple[Claim, ...]
    container: str | None
    place: Place
    merge: Merge | None = None

    @property
    def tip(self) -> str | None:
        """The commit of the line on the remote, if there is one."""
        return self.clone.heads.get(self.line)

    @property
    def unfetched(self) -> tuple[str, ...]:
        """The release tags of this line on commits that the clone has not."""
        return tuple(
            tag.name
            for tag in self.clone.added
            if tag.commit not in self.clone.known
            and not tag.version.prerelease
            and str(tag.version) not in self.settings.skip
            and self.span.has(tag.version)
        )

    @property
    def unseen(self) -> tuple[Claim, ...]:
        """The claims of this line on commits that the clone has not."""
        begun = (x for x in self.clone.begun if x.commit not in self.clone.known)
        return tuple(claim for claim in begun if self.is_rival(claim))

    @property
    def is_stale(self) -> bool:
        """Whether the remote has commits that decide here and are not in the clone."""
        lacks = isinstance(self.limits, Unknown) or self.place == "unfetched"
        return bool(self.unfetched or self.unseen or (lacks and self.clone.heads))

    @property
    def remote_tags(self) -> Mapping[str, str] | Unknown:
        """Tag name → commit on the remote."""
        refs = self.clone.refs
        return refs if isinstance(refs, Unknown) else _tags_of(refs)

    def is_rival(self, claim: Claim) -> bool:
        """Say whether *claim* is one of this line, and not of another."""
        return self.span.has(claim.version)


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
    outside: Outside,
    refs: Refs,
    *,
    begun: Claim | None = None,
    surely: bool = False,
) -> Start:
    """Return where a release of HEAD, or of the commit of *begun*, would start from.

    On the default branch the highest release tag is taken for the previous release: it
    nearly always is, and the log shows it at no cost. If it does not, ask again
    *surely*: git then walks through all of history to say which tags are in it.
    """
    clone = _read_clone(settings, outside.history, refs, begun)
    line, older = clone.line(settings, outside.merge), clone.older()
    added = {x.name: x.commit for x in clone.added if x.commit in clone.known}
    tags = {**clone.here, **added} | {claim.tag: claim.commit for claim in older}
    named = release_tags(tags, settings.tag_prefix)
    limits = clone.limits(settings, named, line)
    reach = _reach(line, settings, limits)
    own = clone.own(reach.below)
    full = _full(named, own)
    exact = (surely or line != settings.default_branch) and not clone.shallow
    inside = clone.inside(full, clone.base(outside.merge)) if exact else full
    previous = inside[0] if inside and not clone.shallow else None
    span = reach if clone.shallow else replace(reach, after=_after(inside, own, older))
    lost = takewhile(lambda tag: tag != previous, [] if clone.shallow else full)
    above = tuple(tag for tag in lost if span.has(tag.version))
    rivals = [claim for claim in clone.begun if span.has(claim.version)]
    return Start(
        settings=settings,
        clone=clone,
        line=line,
        limits=limits,
        span=span,
        tags=tags,
        previous=previous,
        unreachable=above,
        own=own,
        older=tuple(older),
        stray=tuple(clone.stray(rivals)),
        container=None if own else clone.container(above, rivals),
        place=clone.place(clone.heads.get(line)),
        merge=outside.merge,
    )


def _full(tags: list[ReleaseTag], own: Claim | None) -> list[ReleaseTag]:
    """Return the releases among *tags*: neither a pre-release nor *own*."""
    name = own.tag if own else ""
    return [x for x in tags if not x.version.prerelease and x.name != name]


def _after(
    inside: list[ReleaseTag], own: Claim | None, older: list[Claim]
) -> Version | None:
    """Return the version above which a release is news: that of an older claim is.

    Once the git tag of *own* is there its version is decided, and what another line
    has released below it since is none.
    """
    if own and own.is_tagged:
        return own.version
    begun = {claim.tag for claim in older}
    return next((tag.version for tag in inside if tag.name not in begun), None)


def _read_clone(
    settings: Settings, history: History, refs: Refs, again: Claim | None
) -> Known:
    here, seen = history.tags(), {} if isinstance(refs, Unknown) else refs
    begun, heads = [*_open_claims(settings, seen)], _heads(settings, history, refs)
    if again and again.is_tagged and again not in begun:
        begun.append(again)  # a tag stays, so what it decides goes on without a claim
    there = release_tags(_tags_of(seen), settings.tag_prefix)
    added = tuple(tag for tag in there if tag.name not in here)
    asked = [x.commit for x in added] + [x.commit for x in begun]
    return Known(
        history=history,
        commit=again.commit if again else history.head(),
        branch=history.branch(),
        shallow=history.is_shallow(),
        refs=refs,
        here=here,
        heads=heads,
        begun=tuple(begun),
        added=added,
        known=history.known({*asked, *heads.values()}),
    )


def _heads(settings: Settings, history: History, refs: Refs) -> dict[str, str]:
    """Return the commits of the default branch and of the lines that there are."""
    names = (settings.default_branch, *settings.lines)
    if not isinstance(refs, Unknown):
        there = {ref.removeprefix(_HEADS): at.commit for ref, at in refs.items()}
        return {name: there[name] for name in names if name in there}
    local = {name: history.branch_tip(name) for name in names if settings.lines}
    return {name: tip for name, tip in local.items() if tip is not None}


def _reach(
    line: str, settings: Settings, limits: Mapping[str, Limits] | Unknown
) -> Span:
    """Return the versions of *line*: all of them on the default branch."""
    if line == settings.default_branch:
        return WHOLE
    own = None if isinstance(limits, Unknown) else limits.get(line)
    low, high = (own.begin, own.high) if own else bounds(line)
    return Span(low=low, below=high)


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
