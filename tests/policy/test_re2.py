"""RE2's syntax as google/re2's ``doc/syntax.txt`` has it; RE2 itself is not asked."""

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
        ("^(?P<t>x)$", "x", "t"),
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
        r"\d{1,1001}", "x{1001}", r"\N{BULLET}", r"\Z", "x**", "x*+", "x++", "x{2}+",
        "(", "[a", "[[:moon:]]", "*x", "[z-a]",
    ],
)  # fmt: skip
def test_what_re2_refuses_is_refused_here(pattern: str) -> None:
    assert re2.read(pattern).problem != ""


@pytest.mark.parametrize("pattern", [r"^\pL+$", r"^\p{Greek}+$", r"\PN"])
def test_what_python_cannot_say_is_never_a_no(pattern: str) -> None:
    assert re2.read(pattern) == re2.Expression()
