r"""Regular expressions as GitHub reads them: RE2's syntax, and the same for Python.

Source: RE2's syntax page (google/re2, ``doc/syntax.txt``); GitHub docs, "Available
rules for rulesets". Every token is read as RE2 reads it and written as Python means
the same; a test holds both to google-re2.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

_MOST, _NUMBER = 1000, re.compile(r"\d+")  # of a repetition
_NONE = "RE2 has no lookaround, back-reference, atomic group or such escape"
_CLASSES = r"""alnum=0-9A-Za-z alpha=A-Za-z ascii=\x00-\x7f blank=\t\x20 digit=0-9
    cntrl=\x00-\x1f\x7f graph=!-~ lower=a-z print=\x20-~ punct=!-/:-@\[-`{-~
    space=\t\n\v\f\r\x20 upper=A-Z word=\w xdigit=0-9A-Fa-f"""
_POSIX = dict(each.split("=", 1) for each in _CLASSES.split())
_SPACE = r"\t\n\f\r\x20"  # Python's \s has \v, too
_CONTROL = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_PYTHON = {
    "^": r"(?:\A)",
    "$": r"(?:\Z)",  # Python's $ also matches before a last newline
    r"\A": r"(?:\A)",
    r"\z": r"(?:\Z)",
    r"\b": r"(?:\b)",
    r"\B": r"(?!\b)",  # Python's \B is not in an empty text
    r"\s": f"[{_SPACE}]",
    r"\S": f"[^{_SPACE}]",
}
_CHAR = (
    r"(?:\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\0[0-7]{0,2}|\\[1-7][0-7]{1,2}"
    r"|\\[aftnrv]|\\[^0-9A-Za-z\x80-\U0010ffff]|[^\\])"
)
_WIDE = r"(?P<wide>\\[pP](?:\{\^?\w+\}|[CLMNPSZ])|\\C)"
_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|\[(?P<not>\^?+)(?P<set>\]?+(?:\[:\^?\w*:\]|\\x\{\w*\}|\\.|[^\]\\])*+)\]"
    r"|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})\??"
    r"|\((?:\?P?<\w+>|\?(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<scope>[:)]))?"
    rf"|(?P<mark>[|)])|(?P<known>[\^$.]|\\[AzbBdDsSwW])|{_WIDE}|(?P<char>(?!\[){_CHAR})",
    re.DOTALL | re.ASCII,
)
_ITEM = re.compile(
    rf"\[:(?P<not>\^?)(?P<posix>\w*):\]|(?P<perl>\\[dDsSwW])|{_WIDE}"
    rf"|(?P<low>{_CHAR})(?:-(?P<high>{_CHAR}|(?P<bad>\\)))?",
    re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What RE2 refuses, and the same for Python: ``None`` where it cannot say it."""

    problem: str = ""
    python: "re.Pattern[str] | None" = None


@dataclass(slots=True)
class _Written:
    """What the tokens so far set: *flags*, by group that is open; *wide*: unsayable."""

    flags: list[list[str]] = field(default_factory=lambda: [[]])
    wide: bool = False


def read(pattern: str) -> Expression:
    """Return what GitHub makes of *pattern*."""
    written = _Written()
    try:
        parts = [_python(each, written) for each in _tokens(pattern)]
        text = "".join(parts) + ")" * len(written.flags[0])
        python = re.compile(text, re.ASCII)  # RE2's \d, \w, \b know no other letters
    except (re.error, ValueError, OverflowError) as error:
        return Expression(problem=str(error))
    except RecursionError:  # RE2 itself takes a nesting of 1000
        return Expression(problem="its groups are nested too deep")
    return Expression(python=None if written.wide else python)


def _tokens(pattern: str) -> Iterator[re.Match[str]]:
    at, repeats = 0, False
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None or (match[0] == "(" and pattern.startswith("(?", at)):
            raise ValueError(_NONE)
        if match["repeat"] and repeats:
            raise ValueError(f"{match[0]!r} repeats what is repeated")
        if match["repeat"] and any(float(x) > _MOST for x in _NUMBER.findall(match[0])):
            raise ValueError(f"RE2 repeats at most {_MOST} times, not {match[0]}")
        yield match
        at, repeats = match.end(), match["repeat"] is not None


def _python(match: re.Match[str], written: _Written) -> str:
    """Return one token for Python; raise ValueError for what RE2 refuses."""
    text = match[0]
    if match["set"] is not None:
        return f"[{match['not']}{_set(match['set'], written)}]"
    if match["mark"] or text.startswith("("):
        return _group(match, written)
    if match["repeat"] or match["known"]:
        return _PYTHON.get(text, text)
    written.wide |= match["wide"] is not None
    quoted = match["quoted"]
    return re.escape(_char(text) if quoted is None else quoted)


def _group(match: re.Match[str], written: _Written) -> str:
    """Return what opens, parts or closes a group; flags hold to the end of theirs."""
    text, here = match[0], written.flags[-1]
    if text == "|":
        return ")" * len(here) + "|" + "".join(here)
    if text == ")":
        written.flags[-1:] = [] if len(written.flags) > 1 else [[]]
        return ")" * (len(here) + 1)
    flags = (match["flags"] or "").replace("U", "").rstrip("-")
    written.wide |= "m" in flags  # lines have other ends there
    opens = f"(?{flags}:" if match["scope"] else "("
    if match["scope"] == ")":
        here.append(opens)
    else:
        written.flags.append([])
    return opens


def _set(items: str, written: _Written) -> str:
    parts, at = list[str](), 0
    while at < len(items):
        match = _ITEM.match(items, at)
        if match is None or match["bad"]:
            raise ValueError(f"RE2 has no such class: [{items}]")
        at = match.end()
        if match["posix"] is not None:
            if match["posix"] not in _POSIX:
                raise ValueError(f"there is no class [:{match['posix']}:]")
            written.wide |= match["not"] != ""
            parts.append(_POSIX[match["posix"]])
        elif match["perl"]:
            spaces = {r"\s": _SPACE, r"\S": r"\S\v"}
            parts.append(spaces.get(match[0], match[0]))
        elif match["wide"]:
            written.wide = True
        else:
            ends = [_char(x) for x in match.group("low", "high") if x]
            parts.append("-".join(map(re.escape, ends)))
    return "".join(parts) or r"\x00"


def _char(text: str) -> str:
    """Return the character that *text* stands for."""
    if text[0] != "\\":
        return text
    if text[1] == "x":
        code = int(text[2:].strip("{}"), 16)
        if code > sys.maxunicode:
            raise ValueError(f"there is no character {text[:12]}")
        return chr(code)
    if text[1].isdigit():
        return chr(int(text[1:], 8))
    return _CONTROL.get(text[1], text[1])
