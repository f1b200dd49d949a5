"""Release notes in Markdown: breaking changes first, then commits by kind."""

import re
from collections.abc import Iterable
from typing import Final

from monokeel.release.commits import CANCELLED, REVERT, Commit

MAX_CHARACTERS: Final = 120_000
"""GitHub takes 125,000 characters; the rest is room for what a release adds."""

_GROUPS: Final = {
    **dict.fromkeys(("feat", "feature"), "Features"),
    "fix": "Bug fixes",
    "perf": "Performance",
}
_BREAKING: Final = "Breaking changes"
_ORDER: Final = ("Features", "Bug fixes", "Performance", "Reverts")
_ROOM_FOR_THE_REST: Final = 40
_CODE: Final = re.compile(r"(`[^`]*`)")
_CODE_OR_LINK: Final = re.compile(r"(`[^`]*`|\[[^]]*\]\([^)]*\))")
_PULL: Final = re.compile(r"\(#([1-9][0-9]*)\)\Z")
_ISSUE: Final = re.compile(r"(?<![\w&/#])#([1-9][0-9]*)\b", re.ASCII)
_MENTION: Final = re.compile(r"(?<![\w/.])@[A-Za-z0-9][\w/-]*", re.ASCII)


def release_notes(
    commits: Iterable[Commit], *, page: str, limit: int = MAX_CHARACTERS
) -> str:
    """Return the notes of a release that contains *commits*, newest first.

    *page* is the repository's address, ``https://github.com/acme/shop``. Commits that a
    revert cancelled are left out, and kinds that ask for no release and break nothing.
    Text beyond *limit* characters is cut at a line that says how much is missing.
    """
    groups: dict[str | None, list[Commit]] = {x: [] for x in (_BREAKING, *_ORDER)}
    for each in commits:
        if each.rule != CANCELLED:
            if each.breaking:
                groups[_BREAKING].append(each)
            groups.get(group_of(each), []).append(each)
    parts: list[str] = []
    room, left = limit - _ROOM_FOR_THE_REST, sum(map(len, groups.values()))
    for heading, members in groups.items():
        above = ("\n" if parts else "") + f"### {heading}\n\n"
        for commit in members:
            said = f"{_linked(commit.subject, page)} "
            if heading == _BREAKING:
                said = _breaking(commit, page)
            scope = f"**{_plain(commit.scope)}:** " if commit.scope else ""
            link = f"([{commit.sha[:7]}]({page}/commit/{commit.sha}))"
            part = f"{above}* {scope}{said}{link}\n"
            room -= len(part)
            if room < 0:
                return "".join([*parts, f"\n… and {left} more.\n"]).lstrip("\n")
            parts.append(part)
            above = ""
            left -= 1
    return "".join(parts)


def group_of(commit: Commit) -> str | None:
    """Return the heading *commit* stands under, ``None`` if it stands under none."""
    if commit.rule == REVERT:
        return "Reverts"
    return _GROUPS.get((commit.type or "").lower())


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
    return "\n".join(item) + (" " if len(item) == 1 else "\n\n  ")


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
    return "".join(
        _safe_code(part)
        if index % 2
        else _MENTION.sub(r"`\g<0>`", part.replace("<", "&lt;"))
        for index, part in enumerate(_CODE.split(text))
    )


def _safe_code(text: str) -> str:
    # A release is tied to its commit by a hidden comment: no message may forge one.
    return text.replace("<!--", "<! --")
