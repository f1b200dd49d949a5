"""What a reader may not expect of a commit message; it never changes the level."""

import bisect
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from monokeel.ground.answers import Unknown, ask
from monokeel.release.commits import TYPES, Analysis, Caution, Parsed
from monokeel.release.messages import JS_SPACE, RULE_SETS, RuleSet, split_lines
from monokeel.release.reading import Reading
from monokeel.release.versions import ReleaseTag, odd_tags, release_tags

_NUMBERS: Final = re.compile(r"\D{0,20}[0-9]+(?:\.[0-9]+){1,3}")  # a tag such as v1.4
_KEYWORD: Final = re.compile(r"BREAKING[ -]CHANGE:")
_LOOKS_BREAKING: Final = re.compile(
    r"(?:\d+[.)]|[\W_]){0,9}(?:BREAKING[\W_]{0,3}CHANGES?\b"
    r"|(?i:breaking(?:[\W_]{0,3}changes?)?[\W_]{0,3}:))"
)
# What people write for `feat: x`, wherever in a subject, and what a squashed body has.
_WORD: Final = (
    r"(?:feat(?:ures?|s)?|(?:bug|hot)?-?fix(?:e[sd])?|bugs?|perf(?:ormance)?|security"
    r"|breaking(?:[ -]change)?|major|minor|patch|improvement|enhancement)"
)
_SCOPED: Final = r"[^\w:\n]{0,3}(?:\([^)\n]*\)|[/,+][\w/,+ -]*)?[^\w\n]{0,2}?"
# Quick: most are not.
_MARKED: Final = re.compile(r"(?i)[:;/|\uff1a\u2013\u2014(\[{<-]|^feat\b")
_ASKING: Final = ("feat", "feature", "fix", "perf")
_NEARLY: Final = re.compile(
    rf"(?<!\w){_WORD}(?:{_SCOPED}[:\uff1a]|\((?!#)[^)\n]*\))"
    rf"|^\W*[\[({{<]{_WORD}[\])}}>]|^feat\b|^\W*{_WORD}(?:\s*[;/|\u2013\u2014]|\s+-\s"
    r"|[\s!]+#?[\w-]+\s?[:\uff1a])",  # Fix #12: a crash
    re.IGNORECASE,
)
# Below it behind whatever marks a line: a bullet, a number, a hash, a ticket.
_LISTED: Final = re.compile(
    r"^[^\w\n]{0,9}(?:(?:\d+[.)]|[0-9a-f]{7,40}|[A-Z]+-\d+|\[[^\]\n]*\])[^\w\n]{1,9})?"
    rf"(?:feat(?:ure)?|(?:bug|hot)?fix|perf){_SCOPED}[:\uff1a](?!\s*#\d+\s*$)"
    r"(?=[^\n]*\w).*",
    re.IGNORECASE | re.MULTILINE,
)
_LISTABLE: Final = ("feat", "fix", "perf")
_SHORTEST_HASH: Final = 4
_QUOTED: Final = 60
_SEARCHED: Final = 300  # of a subject, in which words may repeat without end


def about_reverts(analysis: Analysis) -> list[Caution]:
    """Return a caution for each revert of a commit here that does not cancel it."""
    hashes = sorted(commit.sha for commit in analysis.commits)
    must = "the full hash in lower case and the whole subject of the commit"
    said = "this revert cancels nothing, both commits count: it names {}, and a revert"
    found = []
    for sha, named in analysis.open_reverts:
        start = (named or "").lower()
        place = bisect.bisect_left(hashes, start)
        is_here = place < len(hashes) and hashes[place].startswith(start)
        if is_here and len(start) >= _SHORTEST_HASH:
            text = f"{said.format(named)} must name {must}"
            found.append(Caution(sha=sha, message=text))
    return found


def about_drafts(reading: Reading) -> list[Caution]:
    """Return a caution for each draft of this version that is not to be published."""
    found, is_ours = [], reading.is_left_of_ours
    # All of them or none: the check "release" says so.
    judged = ask(lambda: [(each, is_ours(each)) for each in reading.drafts])
    for draft, ours in () if isinstance(judged, Unknown) else judged:
        is_so = "is not this release and is left alone"
        if ours:
            is_so = "has our mark and no file, as a run that was cut short leaves"
            is_so += " it: the release removes it"
        whose = f"the draft {draft.tag} ({draft.id}) of {draft.author or 'somebody'}"
        if not ours or draft.file is None:
            found.append(Caution(message=f"{whose} {is_so}: {draft.page}"))
    return found


def about_tags(
    tags: Iterable[str], prefix: str, previous: ReleaseTag | None
) -> Iterator[Caution]:
    """Yield a caution about tags that npm crashes on, and one about other prefixes."""
    names = [*tags]
    odd = odd_tags(names, prefix, previous.version if previous else None)
    if not release_tags(dict.fromkeys(names, ""), prefix):
        like = [
            x for x in names if _NUMBERS.fullmatch(x) and x not in (*odd[0], *odd[1])
        ]
        what = f"three numbers without leading zeros, such as {prefix}1.4.0"
        if like:
            said = (
                f"the tag {max(like)} looks like a release and is none: a version has"
            )
            yield Caution(message=f"{said} {what}")
    crash = "is ignored: it is no version, and semantic-release would crash on it"
    other = f"looks like a release and is none: tag_prefix is {prefix!r} ([release] in"
    for found, why in zip(odd, (crash, f"{other} infra/platform.toml)"), strict=True):
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield Caution(message=f"the tag {found[-1]}{more} {why}")


def watch(
    commits: Iterable[Parsed], rules: RuleSet, found: list[Caution]
) -> Iterator[Parsed]:
    """Pass *commits* on, one at a time, and put what is odd about them into *found*."""
    for parsed in commits:
        said = () if parsed.message.plain else _messages(parsed, rules)
        texts = [*said] or filter(None, [_missed_request(parsed)])
        found += [Caution(sha=parsed.sha, message=text) for text in texts]
        yield parsed


def _missed_request(parsed: Parsed) -> str:
    """Say that *parsed* looks like a request and is none; empty if it does not."""
    header = (parsed.message.header or "")[:_SEARCHED]
    body = parsed.text.partition("\n")[2]
    # A type of everybody's is meant: `docs: fix: typo` asks for nothing.
    near = (
        parsed.message.type not in TYPES
        and _MARKED.search(header)
        and (_NEARLY.search(header) or _is_misspelt(parsed.message.type))
    )
    lowered = "" if near else body.lower()  # quick: most have none of the words
    listed = any(x in lowered for x in _LISTABLE) and _LISTED.search(body)
    if parsed.skipped or not (near or listed) or parsed.asks[0] is not None:
        return ""
    quoted = _short(header if near else listed[0] if listed else "")
    return f"asks for no release, though it looks like it: {quoted!r}"


@lru_cache
def _is_misspelt(kind: str | None) -> bool:
    """Say whether *kind* is a type that asks for a release but for a slip."""
    word = (kind or "").lower()
    swapped = sorted(word) in map(sorted, _ASKING)
    return swapped or bool(get_close_matches(word, _ASKING, cutoff=0.85))


def _messages(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    message, text = parsed.message, parsed.text
    if parsed.skipped:
        level = parsed.asks[0]
        if level is not None:
            yield f"marked [skip release]: its {level} change is left out of the level"
        return
    lowered, line = text.lower(), message.notes[0].line if message.notes else ""
    if message.notes and line == message.header:
        scope = RULE_SETS["conventionalcommits"].header.match(line)
        if scope is not None and ")" in (scope[2] or ""):
            said = "the last ')!:' of the subject makes it a breaking change, its"
            yield f"{said} scope is read as {scope[2]!r}"
    elif message.notes and not _KEYWORD.search(line):
        yield f"prose read as a breaking change: {_short(line)!r}"
    elif not message.notes and ("breaking" in lowered or "!" in (message.header or "")):
        yield from _about_missed_note(parsed, rules)
    if lowered.startswith(("revert", "reapply")) or "this reverts commit" in lowered:
        yield from _about_missed_revert(parsed, rules)


def _about_missed_note(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    message = parsed.message
    hidden = next((line for line in message.swallowed if rules.note.match(line)), None)
    loud = RULE_SETS["conventionalcommits"].breaking_header
    lines = split_lines(parsed.text)
    if hidden is not None:
        yield (
            f"a breaking change is hidden: {_short(hidden)!r} stands below a line that"
            f" begins and ends with '-', and what follows such a line is not read"
        )
    elif rules.breaking_header is None and loud and loud.match(message.header or ""):
        yield "'!' is no breaking change under the rules 'angular': the type is ignored"
    elif line := next(filter(_LOOKS_BREAKING.match, lines), None):
        said = f"not read as a breaking change: {_short(line)!r}; write a line that"
        yield f"{said} begins with 'BREAKING CHANGE: '"


def _about_missed_revert(parsed: Parsed, rules: RuleSet) -> Iterator[str]:
    header = parsed.message.header or ""
    if header.lower().startswith("reapply "):
        said = "'Reapply' undoes no revert: a commit, its revert and this one together"
        yield f"{said} ask for no release, though the change is there"
    elif parsed.message.reverts is not None:
        return
    elif RULE_SETS["angular"].revert.match(parsed.text):
        said = f"no revert under the rules {rules.name!r}: 'This reverts commit <hash>'"
        yield f"{said} needs a dot right after the hash"
    else:
        said = "looks like a revert and is none, so it cancels nothing"
        if parsed.asks[0] is None:
            said += " and asks for no release (write 'fix: revert …' for one)"
        said += ": git's own message is 'Revert \"<subject>\"' and 'This reverts"
        yield f"{said} commit <full hash>.'"


def _short(line: str) -> str:
    text = line.strip(JS_SPACE)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
