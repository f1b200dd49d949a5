r"""One commit message, read exactly as npm's semantic-release reads it.

A port of conventional-commits-parser 6.4.0 with the presets of
conventional-changelog-conventionalcommits 9.3.1 and conventional-changelog-angular
8.3.1. JavaScript's ``\s``, ``\w``, ``.`` and ``$`` mean other things than Python's,
so every class of characters is spelled out here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

JS_SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What ``trim()`` and ``\\s`` take in JavaScript, for ``str.strip`` and in ``[…]``."""

JS_DOT: Final = "[^\n\r\u2028\u2029]"
"""What ``.`` takes in JavaScript."""

_HEADER = rf"(\w*)(?:\(({JS_DOT}*)\))?%s: ({JS_DOT}*)\Z"
_NOTE = rf"[{JS_SPACE}|*]*(%s)[:{JS_SPACE}]+({JS_DOT}*)"
_REVERT = (
    rf'(?:Revert|revert:)[{JS_SPACE}]"?([\s\S]+?)"?[{JS_SPACE}]*This reverts commit %s'
)
_FIELD_LINE = re.compile(rf"-({JS_DOT}*?)-\Z")
_SIGNATURE_LINE = re.compile(rf"[{JS_SPACE}]*gpg:")
_TRAILER_LINE = re.compile(r"[A-Za-z-]+-by: ")
_LINE_END = re.compile("\r?\n")
_URL = re.compile(r"\bhttps?://(?:www\.)?[-a-zA-Z0-9@:%_+.~#?&/=]+\b", re.ASCII)
_ISSUE = re.compile(rf"#[\w-]+(?=[{JS_SPACE}]|\Z|[,;)\]])", re.ASCII)
_ACTIONS = "close|closes|closed|fix|fixes|fixed|resolve|resolves|resolved"
_FIELDS = {"hash", "revert", "raw", "tag", "component", "emoji"}
_ACTION = re.compile(
    rf"(?:{_ACTIONS})[{JS_SPACE}]+({JS_DOT}*?)(?=(?:{_ACTIONS})|\Z)",
    re.ASCII | re.IGNORECASE,
)
_SENTENCE = re.compile(f"{JS_DOT}+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The patterns of one preset; *breaking_header* only where ``feat!:`` counts."""

    name: str
    header: re.Pattern[str]
    breaking_header: re.Pattern[str] | None
    note: re.Pattern[str]
    revert: re.Pattern[str]


_ANY_CASE = re.ASCII | re.IGNORECASE
_LOUD = RuleSet(
    name="conventionalcommits",
    header=re.compile(_HEADER % "!?", re.ASCII),
    breaking_header=re.compile(_HEADER % "!", re.ASCII),
    note=re.compile(_NOTE % "BREAKING CHANGE|BREAKING-CHANGE", _ANY_CASE),
    revert=re.compile(_REVERT % r"(\w*)\.", _ANY_CASE),
)
_ANGULAR = RuleSet(
    name="angular",
    header=re.compile(_HEADER % "", re.ASCII),
    breaking_header=None,
    note=re.compile(_NOTE % "BREAKING CHANGE", _ANY_CASE),
    revert=re.compile(_REVERT % r"(\w{7,40})\b", _ANY_CASE),
)
RULE_SETS: Final[Mapping[str, RuleSet]] = {x.name: x for x in (_LOUD, _ANGULAR)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakingNote:
    """A breaking change: the *line* that says so and the *text* that explains it."""

    line: str
    text: str


# A named tuple is made in a third of the time that a frozen dataclass takes, and there
# is one for every commit.
class Message(NamedTuple):
    """A parsed message. Everything but *notes* may be missing.

    *reverts* is the (header, hash) that a revert names, trimmed. *fields* are the
    properties (name, value) that field lines such as ``-tag-`` set: ``hash``,
    ``revert``, ``raw``, ``tag``, ``component`` and ``emoji``. *swallowed* are lines
    below a field line, which nobody reads. *plain* says that only the header can
    matter: the text has no word that a note, a revert, a field or a skip marker needs.
    """

    header: str | None
    type: str | None
    scope: str | None
    subject: str | None
    notes: tuple[BreakingNote, ...] = ()
    reverts: tuple[str | None, str | None] | None = None
    fields: tuple[tuple[str, str], ...] = ()
    swallowed: tuple[str, ...] = ()
    plain: bool = False

    def field(self, name: str) -> str | None:
        """Return what the field line ``-name-`` set, ``None`` if there is none."""
        return dict(self.fields).get(name) if self.fields else None


def parse_message(text: str, rules: RuleSet) -> Message:
    """Return what *text*, trimmed as JavaScript trims, says under *rules*.

    Messages that crash npm's parser are read on: a note counts although a field line
    ends the message, and ``-notes-``, ``-references-`` and ``-mentions-`` swallow.
    """
    lowered = text.lower()
    if "\n-" in text or "breaking" in lowered or "gpg:" in text:
        return _parse_slowly(text, rules)
    header = text.partition("\n")[0].removesuffix("\r") or None
    kind, scope, subject, breaking = _read_header(header, rules)
    loud = header is not None and "!" in header
    if not loud and "revert" not in lowered and "skip" not in lowered:
        plain = not lowered.startswith("reapply")
        return Message(header, kind, scope, subject, plain=plain)
    reverts = _read_revert(text, rules) if lowered.startswith("revert") else None
    notes = (breaking,) if breaking else ()
    return Message(header, kind, scope, subject, notes, reverts)


def split_lines(text: str) -> list[str]:
    """Return the lines of *text* as npm splits them, without signature lines."""
    lines = _LINE_END.split(text.strip("\r\n"))
    return [line for line in lines if not _SIGNATURE_LINE.match(line)]


def _parse_slowly(text: str, rules: RuleSet) -> Message:
    lines = split_lines(text)
    header = (lines[0] if lines else None) or None
    kind, scope, subject, _ = _read_header(header, rules)
    known = {"header": header, "type": kind, "scope": scope, "subject": subject}
    body = _Body(rules, known)
    for line in lines[1:]:
        body.read(line)
    header, kind, scope, subject, *_ = body.found.values()
    said = ((line, "\n".join(texts).strip("\r\n")) for line, texts in body.notes)
    notes = tuple(BreakingNote(line=line, text=text) for line, text in said)
    if not notes:  # a field line may have changed the header: npm reads it again
        breaking = _read_header(header, rules)[3]
        notes = (breaking,) if breaking else ()
    fields = tuple((x, text or "") for x, text in body.found.items() if x in _FIELDS)
    reverts, swallowed = _read_revert(text, rules), tuple(body.swallowed)
    return Message(header, kind, scope, subject, notes, reverts, fields, swallowed)


def _read_header(
    header: str | None, rules: RuleSet
) -> tuple[str | None, str | None, str | None, BreakingNote | None]:
    match, note = None, None
    if header is not None and rules.breaking_header is not None and "!: " in header:
        match = rules.breaking_header.match(header)
        note = BreakingNote(line=header, text=match[3]) if match else None
    if header is not None and match is None:
        match = rules.header.match(header)
    if match is None:
        return None, None, None, None
    return match[1] or None, match[2] or None, match[3] or None, note


def _read_revert(text: str, rules: RuleSet) -> tuple[str | None, str | None] | None:
    match = rules.revert.match(text)
    return None if match is None else (match[1].strip(JS_SPACE), match[2] or None)


class _Body:
    """The lines below the header, read in one pass as npm's parser walks them."""

    _field: str | None = None
    _swallowing = _in_note = _unread = _explains = False

    def __init__(self, rules: RuleSet, found: dict[str, str | None]) -> None:
        self._rules, self.found = rules, found
        self.notes: list[tuple[str, list[str]]] = []
        self.swallowed: list[str] = []

    def read(self, line: str) -> None:
        if self._unread:  # npm takes the line after a reference as it is
            self._unread = False
            self._explain(line)
            return
        field = _FIELD_LINE.match(line)
        if field is not None:
            self._field = field[1] or None
            return
        if self._field is not None:
            self._swallow(self._field, line)
            return
        if self._swallowing:
            self._swallowing = self._in_note = False
        note = self._rules.note.match(line)
        if note is not None:
            self.notes.append((line, [note[2]]))
            self._in_note = self._explains = True
            return
        self._explain(line)
        if self._in_note and "#" in line:  # where npm finds an issue its note ends
            sentences = _ACTION.findall(line) or _SENTENCE.findall(line)
            if any(_ISSUE.search(x) and not _URL.search(x) for x in sentences):
                self._in_note, self._unread = False, True

    def _swallow(self, name: str, line: str) -> None:
        self._swallowing = True
        self.swallowed.append(line)
        if name in self.found or name in _FIELDS:
            known = self.found.get(name)
            self.found[name] = f"{known}\n{line}" if known else line

    def _explain(self, line: str) -> None:
        if _TRAILER_LINE.match(line):  # "Signed-off-by" explains no breaking change
            self._explains = False
        if self._explains:
            self.notes[-1][1].append(line)
