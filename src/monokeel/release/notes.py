"""Release notes in Markdown: breaking changes first, then commits by kind."""

import re
from collections.abc import Iterable
from typing import Final

from monokeel.ground.report import CODE_SPAN, in_markdown, safe_code
from monokeel.release.commits import CANCELLED, REVERT, Commit

MAX_CHARACTERS: Final = 120_000
"""GitHub takes 125,000 characters; the rest is room for what a release adds."""

_GROUPS: Final = {
    **dict.fromkeys(("feat", "feature"), "Features"),
    "fix": "Bug fixes",
    "perf": "Performance",
    "revert": "Reverts",
}
_BREAKING: Final = "Breaking changes"
HEADINGS: Final = tuple(dict.fromkeys((_BREAKING, *_GROUPS.values())))
_ROOM_FOR_THE_REST: Final = 40
_FENCE: Final = re.compile(r"(`{3,}(?=[^`]*\Z)|~{3,})")
_LINK: Final = r"\[[^][]*\]\([^()]*\)"
_PULL: Final = re.compile(r"\(#([1-9][0-9]*)\)\Z")
_ISSUE: Final = re.compile(
    rf"{CODE_SPAN}|{_LINK}|(?<![\w&/#])#(?P<issue>[1-9][0-9]*)(?![\w@])", re.ASCII
)


def release_notes(
    commits: Iterable[Commit], *, page: str, limit: int = MAX_CHARACTERS
) -> str:
    """Return the notes of a release that contains *commits*, newest first.

    *page* is the repository's address, ``https://github.com/acme/shop``. Commits that a
    revert cancelled are left out, and kinds that ask for no release and break nothing.
    What has no room in *limit* characters is left out; the last line says how much.
    """
    groups: dict[str | None, list[Commit]] = {x: [] for x in HEADINGS}
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
            link = f"([{commit.sha[:7]}]({page}/commit/{commit.sha}))"
            loud = heading == _BREAKING
            if len(link) + (0 if loud else len(commit.subject)) > room:
                continue  # quick, in a range of thousands: no line is shorter
            said = _breaking(commit, page) if loud else _linked(commit.subject, page)
            said += "" if loud else " "
            scope = f"**{in_markdown(commit.scope)}:** " if commit.scope else ""
            part = f"{above}* {scope}{said}{link}\n"
            if len(part) > room:  # a shorter one may still be shown
                continue
            room -= len(part)
            parts.append(part)
            above = ""
            left -= 1
    more = [f"\n… and {left} more.\n"] if left else []
    return "".join([*parts, *more]).lstrip("\n")


def group_of(commit: Commit) -> str | None:
    """Return the heading *commit* stands under, ``None`` if it stands under none."""
    if commit.rule == REVERT:
        return "Reverts"
    return _GROUPS.get((commit.type or "").lower())


def _breaking(commit: Commit, page: str) -> str:
    texts = [text.strip() for text in commit.breaking if text.strip()]
    lines = "\n\n".join(texts or [commit.subject]).replace("\r", " ").split("\n")
    item = [_linked(lines[0], page)]
    fence = ""
    for line in lines[1:]:  # two spaces in front keep a line in the item
        opens = None if fence else _FENCE.match(line)
        text = safe_code(line) if fence or opens else _linked(line, page)
        if fence and re.fullmatch(rf" {{0,3}}{fence}{fence[0]}*[ \t]*", line):
            fence = ""
        elif opens:
            fence = opens[0]
        item.append(f"  {text}".rstrip())
    if fence:
        item.append(f"  {fence}")
    return "\n".join(item) + (" " if len(item) == 1 else "\n\n  ")


def _linked(text: str, page: str) -> str:
    """Return *text* for Markdown, with ``(#12)`` at its end as a pull request."""
    safe = in_markdown(text.replace("\r", " "))  # in Markdown it ends a line
    if "#" not in safe:
        return safe
    safe = _PULL.sub(rf"([#\1]({page}/pull/\1))", safe)

    def link(found: re.Match[str]) -> str:
        number = found["issue"]
        return f"[#{number}]({page}/issues/{number})" if number else found[0]

    return _ISSUE.sub(link, safe)
