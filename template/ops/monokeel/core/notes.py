"""What commits tell their readers: release notes in Markdown, and cautions.

The notes have breaking changes first, then commits by kind. A caution says what a
reader of a plan may not expect of a message; it never changes the level: that is the
one semantic-release finds.
"""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from monokeel.core.commits import (
    CANCELLED,
    REVERT,
    Analysis,
    Caution,
    Commit,
    Parsed,
    level_if_counted,
)
from monokeel.core.messages import JS_SPACE, RULE_SETS, Note, RuleSet, split_lines

MAX_CHARACTERS: Final = 120_000
"""GitHub takes 125,000 characters; the rest is room for what a release adds."""

_GROUPS: Final = {
    "feat": "Features",
    "feature": "Features",
    "fix": "Bug fixes",
    "perf": "Performance",
}
_ORDER: Final = ("Features", "Bug fixes", "Performance", "Reverts")
_ROOM_FOR_THE_REST: Final = 40
_CODE: Final = re.compile(r"(`[^`]*`)")
_CODE_OR_LINK: Final = re.compile(r"(`[^`]*`|\[[^]]*\]\([^)]*\))")
_PULL: Final = re.compile(r"\(#([1-9][0-9]*)\)\Z")
_ISSUE: Final = re.compile(r"(?<![\w&/#])#([1-9][0-9]*)\b", re.ASCII)
_MENTION: Final = re.compile(r"(?<![\w/.])@[A-Za-z0-9][\w/-]*", re.ASCII)
_KEYWORD: Final = re.compile(r"BREAKING[ -]CHANGE:")
_LOOKS_BREAKING: Final = re.compile(r"[\s>*#|`_-]*BREAKING[ -]CHANGES?\b")
_SHORTEST_HASH: Final = 4
_QUOTED: Final = 60


def release_notes(
    commits: Iterable[Commit], *, page: str, limit: int = MAX_CHARACTERS
) -> str:
    """Return the notes of a release that contains *commits*, newest first.

    *page* is the repository's address, ``https://github.com/acme/shop``. Commits that
    a revert in the same range cancelled are left out, and so are kinds that ask for
    no release, unless they break something. Text beyond *limit* characters is cut at
    a line, with a word on how many entries are missing. Empty when nothing is to say.
    """
    kept = [commit for commit in commits if commit.rule != CANCELLED]
    groups: dict[str, list[Commit]] = {name: [] for name in _ORDER}
    for commit in kept:
        group = group_of(commit)
        if group is not None:
            groups[group].append(commit)
    breaking = [commit for commit in kept if commit.breaking]
    sections = [
        _Section(heading="Breaking changes", commits=breaking, write=_breaking),
        *(
            _Section(heading=each, commits=groups[each], write=_entry)
            for each in _ORDER
        ),
    ]
    return _assemble(sections, page, limit)


def group_of(commit: Commit) -> str | None:
    """Return the heading *commit* stands under, ``None`` if it stands under none."""
    if commit.rule == REVERT:
        return "Reverts"
    return _GROUPS.get((commit.type or "").lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    heading: str
    commits: Sequence[Commit]
    write: Callable[[Commit, str], str]


def _assemble(sections: Sequence[_Section], page: str, limit: int) -> str:
    parts: list[str] = []
    room = limit - _ROOM_FOR_THE_REST
    left = sum(len(section.commits) for section in sections)
    for section in sections:
        above = ("\n" if parts else "") + f"### {section.heading}\n\n"
        for commit in section.commits:
            part = f"{above}{section.write(commit, page)}\n"
            room -= len(part)
            if room < 0:
                return "".join([*parts, f"\n… and {left} more.\n"]).lstrip("\n")
            parts.append(part)
            above = ""
            left -= 1
    return "".join(parts)


def _entry(commit: Commit, page: str) -> str:
    return f"* {_scope(commit)}{_linked(commit.subject, page)} {_link(commit, page)}"


def _breaking(commit: Commit, page: str) -> str:
    texts = [text.strip() for text in commit.breaking if text.strip()]
    lines = "\n\n".join(texts or [commit.subject]).split("\n")
    item = [_linked(lines[0], page)]
    in_code = False
    for line in lines[1:]:  # two spaces in front keep a line in the item
        fence = line.lstrip().startswith("```")
        text = _safe_code(line) if in_code or fence else _linked(line, page)
        in_code = in_code != fence
        item.append(f"  {text}".rstrip())
    if in_code:
        item.append("  ```")
    separator = " " if len(item) == 1 else "\n\n  "
    text = "\n".join(item)
    return f"* {_scope(commit)}{text}{separator}{_link(commit, page)}"


def _scope(commit: Commit) -> str:
    return f"**{_plain(commit.scope)}:** " if commit.scope else ""


def _link(commit: Commit, page: str) -> str:
    return f"([{commit.sha[:7]}]({page}/commit/{commit.sha}))"


def _linked(text: str, page: str) -> str:
    """Return *text* for Markdown, with ``(#12)`` at its end as a pull request."""
    safe = _plain(text)
    if "#" not in safe:
        return safe
    safe = _PULL.sub(rf"([#\1]({page}/pull/\1))", safe)
    return "".join(
        part if index % 2 else _ISSUE.sub(rf"[#\1]({page}/issues/\1)", part)
        for index, part in enumerate(_CODE_OR_LINK.split(safe))
    )


def _plain(text: str) -> str:
    """Keep *text* from being read as HTML or as a call to somebody, outside of code."""
    if "<" not in text and "@" not in text:
        return text
    parts = _CODE.split(text)
    for index, part in enumerate(parts):
        if index % 2:
            parts[index] = _safe_code(part)
        else:
            parts[index] = _MENTION.sub(r"`\g<0>`", part.replace("<", "&lt;"))
    return "".join(parts)


def _safe_code(text: str) -> str:
    # A release is tied to its commit by a hidden comment: no message may forge one.
    return text.replace("<!--", "<! --")


def cautions_of(parsed: Parsed, rules: RuleSet) -> list[Caution]:
    """Return the cautions about one commit, whatever the others are."""
    return [Caution(sha=parsed.sha, message=text) for text in _messages(parsed, rules)]


def cautions_about_reverts(analysis: Analysis) -> list[Caution]:
    """Return a caution for each revert that should cancel a commit here and does not.

    A revert of a commit released earlier is not among them: it has nothing to cancel.
    """
    hashes = sorted(commit.sha for commit in analysis.commits)
    return [
        Caution(
            sha=revert.sha,
            message=f"this revert cancels nothing, both commits count: it names"
            f" {revert.hash}, and a revert must name the full hash in lower case and"
            f" the whole subject of the commit",
        )
        for revert in analysis.open_reverts
        if _is_among(revert.hash, hashes)
    ]


def watch(
    commits: Iterable[Parsed], rules: RuleSet, found: list[Caution]
) -> Iterator[Parsed]:
    """Pass *commits* on, one at a time, and put what is odd about them into *found*."""
    for parsed in commits:
        if not parsed.message.plain:
            found += cautions_of(parsed, rules)
        yield parsed


def _messages(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    message, text = parsed.message, parsed.text
    if parsed.skipped:
        level = level_if_counted(parsed)
        if level is not None:
            yield f"marked [skip release]: its {level} change is left out of the level"
        return
    lowered = text.lower()
    if message.notes:
        yield from _about_note(message.notes[0], message.header)
    elif "breaking" in lowered or "!" in (message.header or ""):
        yield from _about_missed_note(parsed, rules)
    if lowered.startswith(("revert", "reapply")) or "this reverts commit" in lowered:
        yield from _about_missed_revert(parsed, rules)


def _about_note(note: Note, header: str | None) -> Iterator[str]:
    if note.line == header:
        scope = RULE_SETS["conventionalcommits"].header.match(header)
        if scope is not None and ")" in (scope[2] or ""):
            yield (
                f"the last ')!:' of the subject makes it a breaking change, its scope"
                f" is read as {scope[2]!r}"
            )
    elif not _KEYWORD.search(note.line):
        yield f"prose read as a breaking change: {_short(note.line)!r}"


def _about_missed_note(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    message = parsed.message
    hidden = next((line for line in message.swallowed if rules.note.match(line)), None)
    if hidden is not None:
        yield (
            f"a breaking change is hidden: {_short(hidden)!r} stands below a line that"
            f" begins and ends with '-', and what follows such a line is not read"
        )
        return
    loud = RULE_SETS["conventionalcommits"].breaking_header
    if rules.breaking_header is None and loud and loud.match(message.header or ""):
        yield "'!' is no breaking change under the rules 'angular': the type is ignored"
        return
    for line in split_lines(parsed.text):
        if _LOOKS_BREAKING.match(line):
            yield (
                f"not read as a breaking change: {_short(line)!r}; write a line that"
                f" begins with 'BREAKING CHANGE: '"
            )
            return


def _about_missed_revert(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    header = parsed.message.header or ""
    if header.lower().startswith("reapply "):
        yield (
            "'Reapply' undoes no revert: a commit, its revert and this one together"
            " ask for no release, though the change is there"
        )
    elif parsed.message.reverts is not None:
        return
    elif RULE_SETS["angular"].revert.match(parsed.text):
        yield (
            f"no revert under the rules {rules.name!r}: 'This reverts commit <hash>'"
            f" needs a dot right after the hash"
        )
    else:
        yield (
            "looks like a revert and is none, so it cancels nothing: git's own message"
            " is 'Revert \"<subject>\"' and 'This reverts commit <full hash>.'"
        )


def _is_among(name: str | None, hashes: list[str]) -> bool:
    if name is None or len(name) < _SHORTEST_HASH:
        return False
    wanted = name.lower()
    place = bisect.bisect_left(hashes, wanted)
    return place < len(hashes) and hashes[place].startswith(wanted)


def _short(line: str) -> str:
    text = line.strip(JS_SPACE)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
