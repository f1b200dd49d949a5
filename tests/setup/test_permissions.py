"""One list of permissions: in code, on the pages, in the workflows."""

from pathlib import Path

import pytest
import yaml

from monokeel.setup.permissions import needed
from tests.setup.permission_page import (
    APPS,
    PAGE,
    app_table,
    renewed,
    rows,
    token_table,
)

ROOT = Path(__file__).parents[2]
WORKFLOWS = {"policy": "policy-drift.yml", "template": "template-update.yml"}


def test_the_page_has_the_tables_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert renewed(text) == text
    assert token_table() in text
    assert app_table() in text


@pytest.mark.parametrize("base", ["", "template"])
@pytest.mark.parametrize("environment", APPS)
def test_each_app_is_asked_for_what_the_page_says(environment: str, base: str) -> None:
    """G17: asking for more than the App has is a 422, every night."""
    path = ROOT / base / ".github/workflows" / WORKFLOWS[environment]
    text = path.read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    jobs = [j for j in document["jobs"].values() if j["environment"]["name"]]

    steps = [step for job in jobs for step in job["steps"]]
    apps = [s for s in steps if "create-github-app-token" in s.get("uses", "")]
    [app] = [step for step in apps if "repositories" not in step["with"]]
    asked = {
        name.removeprefix("permission-").replace("-", "_"): level
        for name, level in app["with"].items()
        if name.startswith("permission-")
    }

    assert [job["environment"]["name"] for job in jobs] == [environment]
    assert asked == APPS[environment]
    assert "env.KEY != ''" in app["if"]  # G18: one variable serves two workflows


def test_the_app_of_drift_sees_all_that_drift_watches() -> None:
    """G17: what it may not see is unknown, and drift would end with 4 every night."""
    reads = [call for x in rows() if x.watched != "elsewhere" for call in x.reads]

    asked = needed(reads).items() - {("metadata", "read")}  # every App has that one

    unseen = [x for x, level in asked if APPS["policy"].get(x) not in (level, "write")]
    assert unseen == []


def test_the_app_only_reads_a_private_template() -> None:
    """T21: without a named repository its token reaches the one at hand alone."""
    path = ROOT / "template/.github/workflows" / WORKFLOWS["template"]
    document = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    [job] = document["jobs"].values()

    [reader] = [step for step in job["steps"] if step.get("id") == "reader"]

    assert reader["with"]["repositories"] == "${{ vars.MONOKEEL_TEMPLATE_REPOSITORY }}"
    asked = {key for key in reader["with"] if key.startswith("permission-")}
    assert (asked, reader["with"]["permission-contents"]) == (
        {"permission-contents"},
        "read",
    )
