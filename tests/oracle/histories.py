"""Random histories that hit every corner of how commit messages are read."""

import random
from dataclasses import dataclass

Commit = tuple[str, str]
"""A commit: 40 hex digits, and its message as git has it."""

_TYPES = (
    *("feat", "feat", "fix", "fix", "perf", "chore", "chore", "docs", "refactor"),
    *("FEAT", "FIX", "Feat", "feature", "revert", "wip", "", "fix-up", "fé", "build"),
)
_SCOPES = ("", "", "", "(api)", "()", "(a b)", "(a): see (b)", "(é)", "(\u2028)", "(a")
_COLONS = (
    *(": ", ": ", ": ", ": ", "!: ", "!: ", ":", ":  ", " : ", "! : ", "!!: ", "!:"),
    *(":\u00a0", ":\t", "\uff1a "),
)
_SUBJECTS = (
    *("add a thing", "a", "b", "x", "a", "b", "", " ", "drop (#12)", "see (b)!: c"),
    *("use `x`", "a\u2028b", "a\rb", "tidy @ann up", "closes #7", "x [skip release]"),
    *("x [skip\x1crelease]", "x [skip\ufeffrelease]", "x [release\x85skip]"),
    *("x [skip ci]", "x [release\u00a0skip]", "x [SKIP  RELEASE]", "ends in space "),
    *("BREAKING CHANGE: y", "é\u00e9\u200b", "\u0130 \u017f \u212a", "x ==FIELD== y"),
)
_SPACES = (
    *(" ", " ", " ", "  ", "\t", "\v", "\f", "\u00a0", "\u1680", "\u2003", "\u2028"),
    *("\u202f", "\u205f", "\u3000", "\ufeff", "\x1c", "\x1d", "\x1e", "\x1f", "\x85"),
    *("\u180e", "\u200b", "\r"),
)
_KEYWORDS = (
    *("BREAKING CHANGE", "BREAKING CHANGE", "BREAKING CHANGE", "BREAKING-CHANGE"),
    *("breaking change", "Breaking-Change", "BREAKING CHANGES", "BREAKING", "BREAKING"),
    *("BREA\u212aING CHANGE", "BREAK\u0130NG CHANGE", "BREAKING  CHANGE"),
    *("BREAKING\u00a0CHANGE", "BREAKING_CHANGE", "\u017fBREAKING CHANGE"),
)
_BEFORE = ("", "", "", "* ", "| ", "- ", "> ", "### ", "**", "this is a ", "|*| ")
_AFTER = (":", ": ", ": ", ":", "", "(api): ", "**: ", "::", " - ")
_FIELDS = (
    *("---", "---", "----", "--", "--", "-", "- pre-", "- item", "***", "--- ", "-x-"),
    *("-type-", "-header-", "-hash-", "-raw-", "-revert-", "-emoji-", "-tag-", "-tag-"),
    *("-component-", "-scope-", "-subject-", "-body-", "-footer-", "-merge-"),
    *("-notes-", "-references-", "-mentions-", "-message-", "-__proto__-", "- -"),
    *("-a\u2028b-", "-toString-"),
)
_VALUES = (
    *("feat", "fix", "perf", "Breaking", "FEATURE", "Update", "New", "BUGFIX", "deps"),
    *("SECURITY", "Fix", ":racehorse:", ":bug:", ":penguin:", ":apple:", "feat!: x"),
    *(":checkered_flag:", "chore", "", "fix", "a", "feat: a", "fix: b"),
)
_TEXTS = (
    *("", "", "some text", "more text", "closes #1", "Fixes #12, see #13", "* feat: a"),
    *("see https://example.com/#12 for more", "gpg: Signature made by", "#7", "#7x!"),
    *("  gpg: good", "Signed-off-by: Ann <ann@example.com>", "@ann knows", "==END=="),
    *("Reverts acme/shop#11", "[skip release]", "[skip\nrelease]", "x==FIELD==y"),
    *("This reverts commit abc.", "refs acme/shop#9;", "fix", "a #1) b"),
)
_ENDS = (
    ("\n",) * 12 + ("\r\n",) * 4 + ("\n\n",) * 6 + ("\r", "\u2028", "\x85", "\r\r\n")
)
_REASONS = ("", "", "", "It broke the build.\n\n", "see #3\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """A reproducible source: the same *seed* gives the same histories."""

    seed: int

    def generate(self, count: int) -> list[list[Commit]]:
        """Return *count* histories, the newest commit first in each."""
        rng = random.Random(self.seed)  # noqa: S311 - test data, not a secret
        return [_history(rng) for _ in range(count)]


def _history(rng: random.Random) -> list[Commit]:
    commits: list[Commit] = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 7))):
        sha = f"{rng.getrandbits(160):040x}"
        if commits and rng.random() < 0.35:
            message = _revert(rng, rng.choice(commits))
        elif rng.random() < 0.08:
            message = _merge(rng, commits)
        else:
            message = _message(rng)
        commits.append((sha, message))
    if rng.random() < 0.15:  # git orders by date: a revert may stand anywhere
        rng.shuffle(commits)
    return commits[::-1]


def _message(rng: random.Random) -> str:
    header = _header(rng)
    if rng.random() < 0.25:
        return _padded(rng, header)
    lines = [_line(rng) for _ in range(rng.choice((1, 1, 2, 3, 4, 6)))]
    body = "".join(rng.choice(_ENDS) + line for line in lines)
    return _padded(rng, header + body)


def _header(rng: random.Random) -> str:
    if rng.random() < 0.05:
        return rng.choice((_note(rng), rng.choice(_TEXTS), rng.choice(_FIELDS)))
    return "".join(rng.choice(part) for part in (_TYPES, _SCOPES, _COLONS, _SUBJECTS))


def _line(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.2:
        return _note(rng)
    if kind < 0.4:
        return rng.choice(_FIELDS)
    if kind < 0.6:
        return rng.choice(_VALUES)
    return rng.choice(_TEXTS)


def _note(rng: random.Random) -> str:
    space = rng.choice(_SPACES) if rng.random() < 0.3 else ""
    text = rng.choice(("y", "y", "", "it is gone #4", "a\u2028b"))
    after = rng.choice(_AFTER) + (rng.choice(_SPACES) if rng.random() < 0.2 else "")
    return space + rng.choice(_BEFORE) + rng.choice(_KEYWORDS) + after + text


def _padded(rng: random.Random, message: str) -> str:
    if rng.random() < 0.85:
        return message + rng.choice(("", "\n"))
    return rng.choice(_SPACES) + message + rng.choice(_SPACES) + "\n"


def _merge(rng: random.Random, commits: list[Commit]) -> str:
    first = rng.choice(
        (
            "Merge pull request #4 from ann/topic",
            "Merge branch 'topic'",
            "Merge branch 'main' into topic [skip release]",
        )
    )
    body = rng.choice(commits)[1] if commits else _message(rng)
    return f"{first}\n\n{rng.choice((body, _message(rng)))}"


def _revert(rng: random.Random, commit: Commit) -> str:
    sha, message = commit
    header = message.strip().split("\n")[0].rstrip("\r")
    if rng.random() < 0.1:
        header = rng.choice((header.upper(), f"{header} (#12)", f" {header}", "x"))
    start = rng.choice(
        (
            *(f'Revert "{header}"',) * 8,
            *(f"revert: {header}", f'REVERT "{header}"', f"Revert {header}"),
            *(f'Reapply "{header}"', f"revert(api): {header}", "fix: undo"),
            *(f'Revert "{header}" (#13)', f"Revert{header}", f"Revert\u00a0{header}"),
        )
    )
    name = rng.choice(
        (*(sha,) * 9, sha[:7], sha.upper(), f"{sha}0", "", "0" * 40, sha[:6], sha[:8])
    )
    after = rng.choice(
        (
            *(".",) * 9,
            *("", ", reversing\nchanges made to 1234567.", " (feat: a, 2026-01-01)."),
            *(".\n\nBREAKING CHANGE: z", ".\n---\nBREAKING CHANGE: z", " .", "é."),
            *(".\n-revert-\nfeat", ".\n-hash-\nx"),
        )
    )
    words = rng.choice(
        ("This reverts commit", "This reverts commit", "THIS REVERTS COMMIT")
    )
    between = rng.choice(("\n\n", "\n\n", "\r\n\r\n", "\n", " ", "", "\u2028"))
    return f"{start}{between}{rng.choice(_REASONS)}{words} {name}{after}\n"
