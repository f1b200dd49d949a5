"""Where a release would start from: the clone, its tags, what the remote has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import takewhile
from typing import Literal

from semver import Version

from monokeel.ground.answers import RemoteRef, Unknown, ask
from monokeel.ground.settings import Settings
from monokeel.ground.version import read_version
from monokeel.release import versions
from monokeel.release.ports import Outside
from monokeel.release.versions import WHOLE, Limits, ReleaseTag, Span

Place = Literal["tip", "behind", "elsewhere", "unfetched", "no branch", "unknown"]
Refs = Mapping[str, RemoteRef] | Unknown
_TAGS = "refs/tags/"
_HEADS = "refs/heads/"


class Start:
    """What is known before any commit message is read of HEAD, or of *begun*'s commit.

    On the default branch the highest release tag is taken for the previous release: it
    nearly always is, and the log shows it at no cost. If not, ask again *surely*: git
    then walks through all of history to say which tags are in it.

    *base* is the commit, or where its squash lands. *line* is the branch to release
    from: the default branch or one of ``lines``, whose *limits* say what each may
    release (Unknown: not all branches are here), *tip* its commit on the remote. *here*
    are the tags of the clone, *remote_tags* the other ones, tag name → commit, *tags*
    those and the remote's whose commit is here; *known* are its commits that are here,
    *heads* the release branches, *added* release tags that only the remote has, *begun*
    the open claims. *previous* is the last release in the history of the commit,
    *unreachable* are those above it that are not in it, the highest first. *own* is an
    open claim of this very commit: its release was cut short and goes on, and its tag
    counts as neither. *older* are open claims in this history, the lowest first: they
    are finished before, and count as released here. *container* is the tag, made or
    claimed, of a commit that contains this one. *stray* are open claims of commits in
    no release branch. What is outside of *span* belongs to another line and stands in
    nobody's way. In a *shallow* clone nothing is known about releases, and nothing is
    said to be in a history.
    """

    def __init__(
        self,
        settings: Settings,
        outside: Outside,
        refs: Refs,
        *,
        begun: ReleaseTag | None = None,
        surely: bool = False,
    ) -> None:
        self.settings, self.outside, self.refs = settings, outside, refs
        self.history, self.merge = outside.history, outside.merge
        self._read_clone(begun)
        self.line, self.older = self._line(), self._older()
        added = {x.name: x.commit for x in self.added if x.commit in self.known}
        self.tags = {**self.here, **added} | {x.name: x.commit for x in self.older}
        named = versions.release_tags(self.tags, settings.tag_prefix)
        self.tip, self.limits = self.heads.get(self.line), self._limits(named)
        self.span = self._reach()
        self.own = self._own()
        full = [x for x in named if not x.version.prerelease]
        full = [x for x in full if not self.own or x.name != self.own.name]
        squash = self.merge if self.merge and self.merge.message else None
        self.base = squash.base if squash else self.commit
        self.previous, self.container = None, None
        self.unreachable, self.stray = list[ReleaseTag](), list[ReleaseTag]()
        if self.shallow:
            return
        exact = surely or self.line != settings.default_branch
        inside = self._inside(full, self.base) if exact else full
        self.previous = inside[0] if inside else None
        self.span = replace(self.span, after=self._after(inside))
        lost = takewhile(lambda tag: tag != self.previous, full)
        self.unreachable = [tag for tag in lost if self.span.has(tag.version)]
        self.stray = self._strays()
        self.container = None if self.own else self._container()

    def _read_clone(self, again: ReleaseTag | None) -> None:
        history, settings = self.history, self.settings
        seen = {} if isinstance(self.refs, Unknown) else self.refs
        self.commit = again.commit if again else history.head()
        self.branch, self.shallow = history.branch(), history.is_shallow()
        self.here = history.tags()
        names = (settings.default_branch, *settings.lines)
        self.heads = {x: at.commit for x in names if (at := seen.get(f"{_HEADS}{x}"))}
        if isinstance(self.refs, Unknown) and settings.lines:
            self.heads = {x: tip for x in names if (tip := history.branch_tip(x))}
        self.begun = [*_open_claims(settings, seen)]
        if again and again.made and again not in self.begun:
            self.begun.append(again)  # what its tag decides goes on without a claim
        tags = ((ref, at.commit) for ref, at in seen.items() if ref.startswith(_TAGS))
        made = {ref.removeprefix(_TAGS): commit for ref, commit in tags}
        self.remote_tags = self.refs if isinstance(self.refs, Unknown) else made
        there = versions.release_tags(made, settings.tag_prefix)
        self.added = [tag for tag in there if tag.name not in self.here]
        asked = [x.commit for x in self.added] + [x.commit for x in self.begun]
        self.known = history.known({*asked, *self.heads.values()})

    def _leads(self, older: str, newer: str) -> bool:
        return not self.shallow and self.history.is_ancestor(older, newer)

    def _line(self) -> str:
        """Return the branch of a merge or of HEAD; detached, the first that has it."""
        names = (self.settings.default_branch, *self.settings.lines)
        branch = self.merge.onto if self.merge else self.branch
        if branch is None and self.settings.lines:
            for name in names:
                tip = self.heads.get(name)
                if tip in self.known and self._leads(self.commit, str(tip)):
                    return name
        return branch if branch in names else names[0]

    def _inside(self, tags: Iterable[ReleaseTag], at: str) -> list[ReleaseTag]:
        merged = self.history.tags(at)
        there = [x for x in tags if x.name in merged or x.name not in self.here]
        return [x for x in there if x.name in merged or self._leads(x.commit, at)]

    def _limits(self, tags: list[ReleaseTag]) -> dict[str, Limits] | Unknown:
        main = self.settings.default_branch
        if self.shallow or not self.settings.lines:
            return {}
        heads = {**self.heads, self.line: self.commit}
        known = self.history.known(heads.values())
        missing = [name for name, commit in heads.items() if commit not in known]
        if missing:
            return Unknown(reason=f"{', '.join(missing)} has commits that are not here")
        if isinstance(self.refs, Unknown) and main not in heads:
            return Unknown(reason=f"{main} is not here")
        inside = {name: self._inside(tags, commit) for name, commit in heads.items()}
        found = {name: [tag.version for tag in each] for name, each in inside.items()}
        return versions.limits_of(found, found.pop(main, []))

    def _reach(self) -> Span:
        """Return the versions of the line: all of them on the default branch."""
        if self.line == self.settings.default_branch:
            return WHOLE
        limits = self.limits
        own = None if isinstance(limits, Unknown) else limits.get(self.line)
        low, high = (own.begin, own.high) if own else versions.bounds(self.line)
        return Span(low=low, below=high)

    def _own(self) -> ReleaseTag | None:
        """Return the claim of the commit on this line, of several the highest."""
        span, mine = Span(below=self.span.below), self.commit
        found = [x for x in self.begun if x.commit == mine and span.has(x.version)]
        return max(found, key=lambda claim: claim.version, default=None)

    def _older(self) -> list[ReleaseTag]:
        others = (x for x in self.begun if x.commit in self.known - {self.commit})
        found = [x for x in others if self._leads(x.commit, self.commit)]
        return sorted(found, key=lambda claim: claim.version)

    def _after(self, inside: list[ReleaseTag]) -> Version | None:
        """Return above which version a release is news: that of an older claim is."""
        begun = {claim.name for claim in self.older}
        last = next((tag.version for tag in inside if tag.name not in begun), None)
        # Once the git tag of *own* is there its version is decided, and what another
        # line has released below it since is no news.
        return self.own.version if self.own and self.own.made else last

    def _strays(self) -> list[ReleaseTag]:
        here = [claim for claim in self.rivals if claim.commit in self.known]
        tips = {self.commit, *self.heads.values()}
        heads = self.history.known(tips) if here else set()
        return [x for x in here if not any(self._leads(x.commit, at) for at in heads)]

    def _container(self) -> str | None:
        """Return the tag of the lowest release, or claim, that contains the commit."""
        above = (*self.unreachable, *self.rivals)
        made = {(x.version, x.name, x.commit) for x in above}
        # A tag may name a file or a tree, which contains nothing.
        commits = self.history.known({at for _, _, at in made} - {self.commit})
        for _, name, other in sorted(made, key=lambda each: each[0]):
            if other in commits and self._leads(self.commit, other):
                return name
        return None

    @cached_property
    def place(self) -> Place:
        """Where the commit stands to the tip of its branch on the remote."""
        tip = self.tip
        if isinstance(self.refs, Unknown):
            return "unknown"
        if tip is None or tip == self.commit:
            return "no branch" if tip is None else "tip"
        if tip not in self.known:
            return "unfetched"
        return "behind" if self._leads(self.commit, tip) else "elsewhere"

    @property
    def unfetched(self) -> list[str]:
        """The release tags of this line on commits that the clone has not."""
        new = (x for x in self.added if x.commit not in self.known)
        full = (x for x in new if not x.version.prerelease and self.span.has(x.version))
        return [x.name for x in full if str(x.version) not in self.settings.skip]

    @property
    def rivals(self) -> list[ReleaseTag]:
        """The claims of this line, and not of another."""
        return [claim for claim in self.begun if self.span.has(claim.version)]

    @property
    def unseen(self) -> list[ReleaseTag]:
        """The claims of this line on commits that the clone has not."""
        return [claim for claim in self.rivals if claim.commit not in self.known]

    @property
    def is_stale(self) -> bool:
        """Whether the remote has commits that decide here and are not in the clone."""
        lacks = isinstance(self.limits, Unknown) or self.place == "unfetched"
        return bool(self.unfetched or self.unseen or (lacks and self.heads))


def ask_refs(outside: Outside, settings: Settings) -> dict[str, RemoteRef] | Unknown:
    """Return the branches, tags and claims on the remote, by full ref name."""
    prefixes = (_HEADS, _TAGS, settings.claim(""))
    return ask(lambda: outside.remote.remote_objects(prefixes))


def _open_claims(
    settings: Settings, refs: Mapping[str, RemoteRef]
) -> Iterator[ReleaseTag]:
    """Yield the claims whose release can be finished: no other commit has the tag."""
    place = settings.claim("")
    for ref, at in sorted(refs.items()):
        tag = ref.removeprefix(place)
        version = read_version(tag.removeprefix(settings.tag_prefix))
        if ref.startswith(place) and version is not None:
            made, to = refs.get(f"{_TAGS}{tag}"), at.commit
            if made is None or made.commit == to:
                there = made is not None
                yield ReleaseTag(name=tag, version=version, commit=to, made=there)
