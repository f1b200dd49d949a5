"""Regular expressions as GitHub reads them: RE2's syntax, and what Python makes of it.

Source: RE2's syntax page (google/re2, ``doc/syntax.txt``); GitHub docs, "Available
rules for rulesets". Only what the two read differently stands here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_TIMES = 1000
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = re.compile(
    r"(?P<quoted>\\Q(?P<text>.*?)(?:\\E|\Z))"
    r"|(?P<wide>\\[pP](?:\{\^?\w+\}|\w))"
    r"|\\x\{(?P<hex>[0-9A-Fa-f]{1,6})\}"
    r"|(?P<end>\\z)"
    r"|(?P<bad>\\[1-9ZNGKRXhHuUgk])"
    r"|(?P<escape>\\.)"
    r"|\[:(?P<not>\^?)(?P<posix>\w+):\]"
    r"|(?P<never>\(\?(?:<?[=!]|>|#|P=|\(|\||&))"
    r"|\(\?(?P<named><[A-Za-z_]\w*>)"
    r"|\(\?(?P<flags>[imsU]*(?:-[imsU]+)?)\)"
    r"|\{(?P<times>\d+(?:,\d*)?)\}"
    r"|(?P<dollar>\$)"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A regular expression: what RE2 refuses, and the same for Python.

    *python* is ``None`` where Python cannot say it: a class of Unicode.
    """

    problem: str = ""
    python: "re.Pattern[str] | None" = None


def read(pattern: str) -> Expression:
    """Return what GitHub makes of *pattern*."""
    parts, wide, opened, last = list[str](), False, 0, ""
    inside = -1  # where the class that we are in began; its rules are others
    for match in _TOKEN.finditer(pattern):
        if inside >= 0:
            first = pattern[inside + 1 : match.start()] in ("", "^")
            inside = -1 if match[0] == "]" and not first else inside
            problem = _unknown_class(match)
            parts.extend(_within(match))
        else:
            inside = match.start() if match[0] == "[" else -1
            repeats = bool(match["times"]) or match[0] in ("*", "+", "?")
            lazy = match[0] == "?" and last == "repeat"
            twice = repeats and last and not lazy
            problem = f"{match[0]!r} repeats what is repeated" if twice else ""
            problem = problem or _problem(match)
            last = ("lazy" if lazy else "repeat") if repeats else ""
            # Flags hold to the end of their group; Python wants a group of their own.
            opened += bool((match["flags"] or "").replace("U", ""))
            parts.extend(_python(match))
        if problem:
            return Expression(problem=problem)
        wide = wide or match["wide"] is not None
    try:
        # ASCII: \d, \w and \b know no other letters in RE2.
        made = re.compile("".join(parts) + ")" * opened, re.ASCII)
    except re.error as error:
        return Expression(problem=str(error))
    return Expression(python=None if wide else made)


def _unknown_class(match: "re.Match[str]") -> str:
    if match["posix"] and match["posix"] not in _CLASSES:
        return f"there is no class [:{match['posix']}:]"
    return ""


def _problem(match: "re.Match[str]") -> str:
    if match["never"] or match["bad"]:
        return "RE2 has no lookaround, back-reference, atomic group or such escape"
    times = match["times"]
    if times and any(int(x) > _MOST_TIMES for x in times.split(",") if x):
        return f"RE2 repeats at most {_MOST_TIMES} times, not {{{times}}}"
    return ""


def _python(match: "re.Match[str]") -> Iterator[str]:
    if match["quoted"]:
        yield re.escape(match["text"])
    elif match["wide"]:
        yield "."
    elif match["hex"]:
        yield re.escape(chr(int(match["hex"], 16)))
    elif match["end"] or match["dollar"]:
        yield r"\Z"  # Python's $ also matches before a last newline
    elif match["named"]:
        yield f"(?P{match['named']}"
    elif match["flags"] is not None:
        flags = match["flags"].replace("U", "")
        yield f"(?{flags}:" if flags else ""
    else:
        yield match[0]


def _within(match: "re.Match[str]") -> Iterator[str]:
    if match["posix"] in _CLASSES:
        yield ("^" if match["not"] else "") + _CLASSES[match["posix"]]
    elif match["hex"]:
        yield re.escape(chr(int(match["hex"], 16)))
    elif match["quoted"]:
        yield re.escape(match["text"])
    elif match["wide"]:
        yield "x"
    else:
        yield re.sub(r"\A\[", r"\[", match[0])
