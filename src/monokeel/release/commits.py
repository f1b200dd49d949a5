"""What commits ask for, since a release or as a pull request: levels and titles.

The level is the one that semantic-release 24 finds with its default rules
(commit-analyzer 13.0.1, conventional-commits-filter 5.0.0).
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Final, Literal, NamedTuple

from monokeel.ground.answers import Json, as_number, as_object, as_text
from monokeel.ground.errors import RefusedError
from monokeel.ground.report import Report
from monokeel.ground.settings import Settings
from monokeel.release import messages
from monokeel.release.messages import JS_SPACE, Message, RuleSet

TYPES = (
    *("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert"),
    *("style", "test"),
)
_MERGED = re.compile(
    r"Merge (?:branch|pull request|remote-tracking|[0-9a-f]{7,} into) "
)
_REVERTED = re.compile(r'Revert ".+"(?: \(#[0-9]+\))?\Z')  # as GitHub's button gives it
_SHOWN = 120
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
Asked = tuple[Level | None, str | None, str | None]
"""The level, the rule that gives it, and the line of the message that it is about."""

_NOTHING: Final[Asked] = (None, None, None)
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
class Merge:
    """A pull request that would be merged: HEAD is its merge into the branch *onto*.

    *base* is the commit of that branch, *message* what a squash would say there; empty
    where its commits land as they are.
    """

    onto: str
    base: str
    message: str


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
    """One commit of a range as it streams by, and what it *asks* for unless skipped."""

    sha: str
    text: str
    message: Message
    skipped: bool
    asks: Asked


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
            yield Parsed(sha, text, message, skipped, _asked(text, message, types))


def analyze(commits: Iterable[Parsed]) -> Analysis:
    """Return what *commits*, newest first in git's own order, ask for.

    A revert and the commit it names vanish when header and full hash agree.
    """
    seen: list[Commit] = []
    reverts = _Reverts()
    for parsed in commits:
        message = parsed.message
        said = (None, SKIPPED, None) if parsed.skipped else parsed.asks
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


def _asked(text: str, message: Message, types: Mapping[str, str] | None) -> Asked:
    if message.notes:
        line = message.notes[0].line
        rule = "! in the header" if line == message.header else "breaking change note"
        return "major", rule, line
    kind = message.type or ""
    by_type = _TYPES.get(kind)
    if types:
        level = types.get(f"{kind}({message.scope})") or types.get(kind)
        added = next((each for each in LEVELS if each == level), None)
        if _RANK[added] > _RANK[by_type]:
            return added, f"type {kind}, of [release] types", message.header
    if message.plain:
        return (by_type, _RULES[kind], message.header) if by_type else _NOTHING
    found: list[Asked] = [
        (level, f"{name} {value}", value)
        for name, value in message.fields
        if (level := _FIELDS.get((name, value)))
    ]
    if by_type is not None:
        found.append((by_type, _RULES[kind], message.header))
    if message.reverts or message.field("revert"):
        lines = messages.split_lines(text)
        named = (x for x in lines if "this reverts commit" in x.lower())
        found.append(("patch", REVERT, next(named, lines[0])))
    return max(found, key=lambda asked: _RANK[asked[0]], default=_NOTHING)


def _cancelled(commit: Commit) -> Commit:
    return commit._replace(level=None, rule=CANCELLED, line=None, breaking=())


def judge_title(title: str, settings: Settings) -> Report:
    """Return a report if *title*, the commit of a squash, says what the change is.

    What asks for no release, though it looks like it, is told so. Raises RefusedError
    for no Conventional Commit, or a type that nobody knows.
    """
    rules = messages.RULE_SETS[settings.rules]
    message = messages.parse_message(title, rules)
    commits = [*read_commits([("", title)], rules, settings.types)]
    silent = not any(each.asks[0] for each in commits)
    is_revert = (message.type, title) == ("revert", title.strip())
    if _REVERTED.match(title) or (is_revert and silent):
        said = "a revert: this title alone asks for no release; if what it takes back"
        said += " was released, write 'fix: revert …'"
        return Report(headline=said, data={"title": title, "type": "revert"})
    if title != title.strip() or message.type is None or not message.subject:
        problem = f"the title {title[:_SHOWN]!r} is no Conventional Commit"
        fix = "Write TYPE(SCOPE): SUBJECT, such as 'fix(api): answer 404',"
        fix += f" by the {rules.name} rules."
        raise RefusedError(problem, fix=fix)
    known = {*TYPES, *(name.partition("(")[0] for name in settings.types)}
    if message.type not in known:
        problem = f"the title's type {message.type[:_SHOWN]!r} is not known"
        raise RefusedError(problem, fix=f"Choose one of: {', '.join(TYPES)}.")
    said = f"{message.type}: {message.subject}"
    if any(each.skipped for each in commits):
        said += "; marked [skip release], it asks for no release"
    data: dict[str, Json] = {"title": title, "type": message.type}
    return Report(headline=said, data={**data, "scope": message.scope})


def merge_of(event: Json, settings: Settings, base: str) -> Merge:
    """Return the pull request of GitHub's *event* as it lands on the commit *base*.

    Its title counts if ``[settings]`` squash under it; else its commits as they are.
    Raises ServiceError for another event.
    """
    pull = as_object(as_object(event).get("pull_request"))
    title, message = as_text(pull.get("title")), ""
    if settings.on_github.get("squash_merge_commit_title") == "PR_TITLE":
        message = f"{title} (#{as_number(pull.get('number'))})"
        if settings.on_github.get("squash_merge_commit_message") == "PR_BODY":
            message += f"\n\n{as_text(pull.get('body') or '')}"
    onto = as_text(as_object(pull.get("base")).get("ref"))
    return Merge(onto=onto, base=base, message=message)


def judge_commits(commits: Iterable[tuple[str, str]], settings: Settings) -> Report:
    """Judge the titles of *commits* (sha, message); RefusedError names each bad one."""
    bad, good = [], 0
    for sha, message in commits:
        title = message.partition("\n")[0]
        if _MERGED.match(title):
            continue
        try:
            judge_title(title, settings)
            good += 1
        except RefusedError as error:
            bad.append(f"{sha[:12]}: {error.problem}")
    if bad:
        fix = "Reword them (git rebase -i), or let only squash merges in, with the"
        fix += " title: [settings] in infra/platform.toml, allowed_merge_methods in"
        fix += " infra/rulesets.json."
        raise RefusedError("; ".join(bad), fix=fix)
    return Report(headline=f"{good} commits say what they change", data={"good": good})
