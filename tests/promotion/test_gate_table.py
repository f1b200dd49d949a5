"""Every list of gates that people read is taken from the one table."""

from pathlib import Path

import pytest

from monokeel.ground.errors import UsageError
from monokeel.promotion.gates import OVERRIDABLE, RULES, Rule, evaluate
from monokeel.promotion.plan import parse_overrides
from monokeel.tasks.promote import promote
from tests.promotion.ready import READY

ROOT = Path(__file__).parents[2]
NO_WAY = "–"  # noqa: RUF001 - the sign in the tables of the guides
WORKFLOW = ".github/workflows/deploy.yml"


def row(rule: Rule) -> str:
    way = f'`--override {rule.name}="why"`' if rule.overridable else NO_WAY
    way += "" if not rule.onward else ", or a rollback"
    return f"| {rule.name} | {rule.refuses} | {way} |"


def test_the_guide_has_the_table() -> None:
    lines = (ROOT / "docs/how-to/promote.md").read_text(encoding="utf-8").splitlines()

    start = lines.index("| gate | refuses when | on purpose |") + 2
    assert lines[start : start + len(RULES)] == [row(rule) for rule in RULES]
    assert not lines[start + len(RULES)]


@pytest.mark.parametrize("path", [WORKFLOW, f"template/{WORKFLOW}"])
def test_the_workflow_names_what_can_be_overridden(path: str) -> None:
    *first, last = OVERRIDABLE

    text = (ROOT / path).read_text(encoding="utf-8")

    assert f"for {', '.join(first)} or {last}" in text


def test_the_help_names_what_can_be_overridden() -> None:
    assert promote.about.options["override"].endswith(f"for {', '.join(OVERRIDABLE)}")


def test_the_gates_answer_in_the_order_of_the_table() -> None:
    assert [gate.name for gate in evaluate(READY)] == [rule.name for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_only_what_the_table_says_can_be_overridden(rule: Rule) -> None:
    text = f"{rule.name}=why"
    if rule.overridable:
        assert parse_overrides([text]) == {rule.name: "why"}
        return
    with pytest.raises(UsageError):
        parse_overrides([text])
