"""Commits since a release: reverts, the level, and the line that decided.

The level is the one that semantic-release 24 finds with its default rules
(commit-analyzer 13.0.1, conventional-commits-filter 5.0.0).
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Final, Literal, NamedTuple

from monokeel.release import messages
from monokeel.release.messages import JS_SPACE, Message, RuleSet

Level = Literal["major", "minor", "patch"]
LEVELS: Final[tuple[Level, ...]] = ("patch", "minor", "major")

_SKIP = re.compile(rf"(?ai)\[skip[{JS_SPACE}]+release]|\[release[{JS_SPACE}]+skip]")
_TYPES: Final[Mapping[str, Level]] = {
    **dict.fromkeys(("feat", "FEAT"), "minor"),
    **dict.fromkeys(("fix", "FIX", "perf"), "patch"),
}
_PATCHES = (":racehorse:", ":bug:", ":penguin:", ":apple:", ":checkered_flag:")
# Only field lines set these: presets of other projects, kept by semantic-release.
_FIELDS: Final[Mapping[tuple[str, str], Level]] = {
    ("tag", "Breaking"): "major",
    **{("tag", value): "minor" for value in ("FEATURE", "Update", "New")},
    **{("tag", value): "patch" for value in ("BUGFIX", "SECURITY", "Fix")},
    **{("component", value): "patch" for value in ("perf", "deps")},
    **{("emoji", value): "patch" for value in _PATCHES},
}
_RULES: Final = {name: f"type {name}" for name in _TYPES}
_RANK: Final[Mapping[Level | None, int]] = {
    None: -1,
    **{level: rank for rank, level in enumerate(LEVELS)},
}
_Verdict = tuple[Level | None, str | None, str | None]
_NOTHING: Final[_Verdict] = (None, None, None)
CANCELLED: Final = "cancelled by a revert"
SKIPPED: Final = "marked [skip release]"
REVERT: Final = "revert"


class Commit(NamedTuple):
    """A commit and what it asks for; there may be 50,000 of them.

    *level* is ``None`` when it asks for no release; then *rule* may say why
    (CANCELLED, SKIPPED). Otherwise *rule* names what matched and *line* is the line of
    the message that did. *breaking* holds the texts of its breaking changes.
    """

    sha: str
    subject: str
    type: str | None
    scope: str | None
    level: Level | None
    rule: str | None
    line: str | None
    breaking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something a reader may not expect; *sha* is ``None`` if it is no commit's."""

    sha: str | None = None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the commits of a range ask for; *deciding* is the newest of the highest.

    *open_reverts* are those that cancelled nothing, each with the hash that it names:
    of a released commit, or not written well.
    """

    commits: tuple[Commit, ...]
    open_reverts: tuple[tuple[str, str | None], ...]

    @property
    def deciding(self) -> Commit | None:
        """The newest commit of the highest level, ``None`` if nothing is released."""
        asking = (commit for commit in self.commits if commit.level is not None)
        return max(asking, key=lambda commit: _RANK[commit.level], default=None)


class Parsed(NamedTuple):
    """One commit of a range as it streams by: its trimmed *text* and the *message*."""

    sha: str
    text: str
    message: Message
    skipped: bool
    added: Level | None = None


def read_commits(
    log: Iterable[tuple[str, str]],
    rules: RuleSet,
    types: Mapping[str, str] | None = None,
) -> Iterable[Parsed]:
    """Yield the commits of *log* parsed, one at a time; empty messages are left out.

    *types* → level are those beside npm's, such as ``refactor`` or ``chore(deps)``.
    """
    for sha, raw in log:
        text = raw.strip(JS_SPACE)
        if text:
            message = messages.parse_message(text, rules)
            skipped = not message.plain and _SKIP.search(text) is not None
            added = None
            if types:
                scoped = types.get(f"{message.type}({message.scope})")
                level = scoped or types.get(message.type or "")
                added = next((each for each in LEVELS if each == level), None)
            yield Parsed(sha, text, message, skipped, added)


def analyze(commits: Iterable[Parsed]) -> Analysis:
    """Return what *commits*, newest first in git's own order, ask for.

    A revert and the commit it names vanish when header and full hash agree.
    """
    seen: list[Commit] = []
    reverts = _Reverts()
    for parsed in commits:
        message = parsed.message
        said = (None, SKIPPED, None) if parsed.skipped else _verdict(parsed)
        # The same few words in every history: one copy of each is enough.
        kind = None if message.type is None else intern(message.type)
        scope = None if message.scope is None else intern(message.scope)
        subject = message.subject or message.header or ""
        breaking = tuple(note.text for note in message.notes)
        commit = Commit(parsed.sha, subject, kind, scope, *said, breaking)
        if not parsed.skipped:
            undone_by = reverts.take(parsed)
            if undone_by is not None:
                commit = _cancelled(commit)
                seen[undone_by] = _cancelled(seen[undone_by])
            else:
                reverts.hold(parsed, len(seen))
        seen.append(commit)
    named = tuple((seen[at].sha, sha) for at, (_, sha) in reverts.left())
    return Analysis(commits=tuple(seen), open_reverts=named)


class _Reverts:
    """The reverts seen so far that have not met their commit, first in first out."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str | None, str | None], deque[int]] = {}
        self._texts: list[tuple[int, str]] = []

    def hold(self, parsed: Parsed, index: int) -> None:
        message = parsed.message
        if message.reverts is not None:
            self._by_name.setdefault(message.reverts, deque()).append(index)
        elif named := message.field("revert"):
            self._texts.append((index, named))

    def take(self, parsed: Parsed) -> int | None:
        """Return the revert of this commit, which then is held no longer."""
        if not self._by_name and not self._texts:
            return None
        message = parsed.message
        if raw := message.field("raw"):
            return self._take_text(raw)
        header, sha = message.header, message.field("hash")
        name = None if header is None else header.strip(JS_SPACE)
        key = (name, parsed.sha if sha is None else sha.strip(JS_SPACE))
        waiting = self._by_name.get(key)
        return waiting.popleft() if waiting else None

    def left(self) -> list[tuple[int, tuple[str | None, str | None]]]:
        held = self._by_name.items()
        return sorted((index, name) for name, each in held for index in each)

    def _take_text(self, raw: str) -> int | None:
        # A `-revert-` field is a text, which JavaScript compares letter by letter
        # with the text of a `-raw-` field.
        for position, (index, text) in enumerate(self._texts):
            pairs = zip(text, raw, strict=False)
            alike = (a.strip(JS_SPACE) == b.strip(JS_SPACE) for a, b in pairs)
            if len(raw) >= len(text) and all(alike):
                del self._texts[position]
                return index
        return None


def _verdict(parsed: Parsed) -> _Verdict:
    message = parsed.message
    if message.notes:
        line = message.notes[0].line
        rule = "! in the header" if line == message.header else "breaking change note"
        return "major", rule, line
    by_type = _TYPES.get(message.type or "")
    if parsed.added is not None and _RANK[parsed.added] > _RANK[by_type]:
        rule = f"type {message.type}, of [release] types"
        return parsed.added, rule, message.header
    if message.plain:
        if by_type is None:
            return _NOTHING
        return by_type, _RULES[message.type or ""], message.header
    known = ((f"{n} {v}", v, _FIELDS.get((n, v))) for n, v in message.fields)
    found: list[_Verdict] = [(level, rule, v) for rule, v, level in known if level]
    if by_type is not None:
        found.append((by_type, _RULES[message.type or ""], message.header))
    if message.reverts or message.field("revert"):
        lines = messages.split_lines(parsed.text)
        named = (x for x in lines if "this reverts commit" in x.lower())
        found.append(("patch", REVERT, next(named, lines[0])))
    return max(found, key=lambda verdict: _RANK[verdict[0]], default=_NOTHING)


def level_if_counted(parsed: Parsed) -> Level | None:
    """Return the level that a skipped commit would have had."""
    return _verdict(parsed)[0]


def _cancelled(commit: Commit) -> Commit:
    return commit._replace(level=None, rule=CANCELLED, line=None, breaking=())
