"""RE2's syntax as google/re2's ``doc/syntax.txt`` has it, and as RE2 reads it."""

import re
from random import Random

import pytest

from monokeel.policy import re2


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^(main|feat/.+)$", "feat/x", "main\n"),
        (r"\A(?:main)\z", "main", "main2"),
        ("^(?i)x$", "X", "y"),
        ("^a(?i)x", "aX", "Ax"),
        ("(^(?i)x)y", "Xy", "XY"),
        ("^(a(?i)b|c)d$", "Cd", "acd"),
        ("^(?P<t>x)$", "x", "t"),
        ("^(?P<t>x)(?P<t>y)$", "xy", "x"),
        ("^(?<t>x)$", "x", "t"),
        (r"^\Qa.b\E$", "a.b", "axb"),
        (r"^\x{41}$", "A", "41"),
        ("^[[:alpha:]]+$", "abc", "ab1"),
        ("^[^[:digit:]/]+$", "abc", "a1"),
        (r"^\d+$", "12", "\u0662"),
        (r"^x\+y$", "x+y", "xxy"),
        (r"^x{2,3}$", "xx", "x"),
        (r"^a\\+$", "a\\\\", "ab"),
        (r"^a\++b??$", "a++", "a"),
        ("^[*+?$]+$", "$+*", "a"),
        ("^[]a]+$", "]a", "b"),
        ("^[^]a]+$", "b", "]"),
        ("^[a-z0-9-]+$", "a-1", "A"),
        (r"^[\w.]+$", "a_1.", "a b"),
    ],
)
def test_what_re2_takes_means_the_same_here(pattern: str, yes: str, no: str) -> None:
    expression = re2.read(pattern)

    assert expression.problem == ""
    assert expression.python is not None
    assert expression.python.search(yes)
    assert not expression.python.search(no)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=x)", "(?!x)", "(?<=x)", "(?<!x)", "(?>x)", "(?#c)", "(?P=t)", r"(x)\1",
        r"\d{1,1001}", "x{1001}", r"\x{110000}", r"\x{" + "f" * 5_000 + "}",
        "x{" + "9" * 5_000 + "}", r"\N{BULLET}", r"\Z", "x**", "x*+", "x++", "x{2}+",
        "(", "[a", "[[:moon:]]", "[[:alpha:]", r"\pE", "*x", "[z-a]",
    ],
)  # fmt: skip
def test_what_re2_refuses_is_refused_here(pattern: str) -> None:
    problem = re2.read(pattern).problem

    assert problem
    assert not re.search("Python|sys\\.|chr", problem)


@pytest.mark.parametrize("pattern", [r"^\pL+$", r"^\p{Greek}+$", r"\PN"])
def test_what_python_cannot_say_is_never_a_no(pattern: str) -> None:
    assert re2.read(pattern) == re2.Expression()


# Every kind of token that RE2 or Python knows, and what only one of them takes.
TOKENS = (
    *("a", "b", "1", "/", "-", "_", ".", " ", "{", "}", "{a}", "{2", "{-1}", "\u00e9"),
    *("x{2}", "{2,3}", "{,3}", "{0,1001}", "{1000}", "*", "+", "?", "??", "*?", "+?"),
    *("(", "(?:", "(?i)", "(?i:", "(?s)", "(?m)", "(?U)", "(?-i)", "(?im-s:", ")", "|"),
    *("(?P<n>", "(?<n>", "(?P=n)", "(?=", "(?!", "(?<=", "(?<!", "(?#c)", "(?>", "(?"),
    *("[", "]", "[^", "^", "$", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B"),
    *(r"\A", r"\z", r"\Z", r"\pL", r"\PL", r"\p{Greek}", r"\p{^Greek}", r"\C", r"\N"),
    *(
        r"\x{41}",
        r"\x41",
        r"\x4",
        r"\n",
        r"\t",
        r"\a",
        r"\f",
        r"\v",
        r"\e",
        r"\y",
        r"\i",
    ),
    *(r"\Q", r"\E", r"\Qa.b\E", r"\1", r"\0", r"\07", r"\101", r"\8", r"\.", r"\-"),
    *(r"\/", r"\]", r"\_", "\\\u00e9", r"\ ", r"\G", r"\K", r"\R", r"\h", r"\X", r"\k"),
    *("[a-z]", "[^a-z]", "[[:alpha:]]", "[[:^digit:]]", "[a[:^digit:]]", "[[:moon:]]"),
    *(r"[\d]", r"[\W-]", r"[a-\d]", r"[\pL]", r"[^\PL]", r"[\b]", r"[\A]", r"[\s\S]"),
    *("[]a]", "[^]a]", "[[]", "[a&&b]", "[a||b]", "[a--b]", "[z-a]", "[]", "[^]"),
)
TEXTS = (
    *("", "a", "b", "ab", "aB", "A", "B", "1", "/", "-", "_", ".", "aa", "aaa", "a.b"),
    *(
        "a]",
        "]",
        "[",
        "a\n",
        "\n",
        "x",
        "xx",
        "\u00e9",
        "\u03bb",
        "\u0662",
        "a1",
        "main",
    ),
    *("a b", " ", "\t", "\v", "{", "}", "{2,3}", "|", "&", "n"),
)
# RE2 lets a repetition behind bare flags repeat what stands before them: nobody does.
FLAGS_REPEATED = re.compile(r"\(\?[imsU-]+\)[*+?{]")


def patterns(seed: int) -> set[str]:
    """Return some 5,000 patterns: each token alone, and up to four side by side."""
    random = Random(seed)  # noqa: S311 - test data
    soup = {
        "".join(random.choices(TOKENS, k=random.randint(2, 4))) for _ in range(5000)
    }
    return {each for each in (*TOKENS, *soup) if not FLAGS_REPEATED.search(each)}


@pytest.mark.parametrize("seed", range(3))
def test_re2_itself_says_the_same(seed: int) -> None:
    google = pytest.importorskip("re2", reason="google-re2 is not installed")
    options = google.Options()
    options.log_errors = False
    judged = 0
    for pattern in patterns(seed):
        ours = re2.read(pattern)
        try:
            theirs = google.compile(pattern, options)
        except google.error:
            # A pattern that Python cannot say is GitHub's to judge, wrong or not.
            assert ours.problem or ours.python is None, pattern
            continue
        assert ours.problem == "", pattern
        if ours.python is None:
            continue
        judged += 1
        for text in TEXTS:
            found = ours.python.search(text) is not None
            letters = text.isascii() or "i" not in pattern  # we fold ASCII alone
            assert not letters or found == (theirs.search(text) is not None), (
                pattern,
                text,
            )
    assert judged > 900
