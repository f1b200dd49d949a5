"""What each line may release, compared with npm's own functions for branches."""

from collections import Counter
from dataclasses import replace

import pytest

from monokeel.ground.answers import Json, as_object
from monokeel.release.plan import ReleasePlan
from monokeel.release.planner import plan_release
from monokeel.release.ports import Outside
from tests.fakes.branches import Branches
from tests.fakes.git import FakeRefs
from tests.fakes.images import FakeImages
from tests.fakes.plans import SETTINGS
from tests.fakes.releases import FakeReleases
from tests.oracle.branch_histories import generated
from tests.oracle.conftest import Ask

_TIMES, _MOST = 10, 20_000
"""One of these costs no process and no message: so many for each history."""


def plan_of(clone: Branches, lines: tuple[str, ...]) -> ReleasePlan:
    remote = FakeRefs()
    remote.refs |= {f"refs/heads/{name}": at for name, at in clone.heads.items()}
    remote.refs |= {f"refs/tags/{name}": at for name, at in clone.all_tags.items()}
    outside = Outside(
        history=clone,
        remote=remote,
        releases=FakeReleases(remote.refs),
        images=FakeImages(),
    )
    return plan_release(replace(SETTINGS, lines=lines), outside)


def question(clone: Branches, lines: tuple[str, ...], plan: ReleasePlan) -> Json:
    names = [name for name in (*lines, "main") if name in clone.heads]
    tags = {name: [*clone.tags(clone.heads[name])] for name in names}
    branches: list[Json] = [{"name": n, "tags": [*each]} for n, each in tags.items()]
    return {"branches": branches, "current": clone.at, "type": plan.level}


def deviation(plan: ReleasePlan) -> str:
    """Return why we release nothing where npm would, empty if we do not differ.

    npm's real run ends with a failed push of the tag (E12), or gives a commit a second
    version that a released one contains already.
    """
    if plan.reason.endswith("contains this commit"):
        return "in a release"
    names = {each.name for each in plan.blockers}
    return "tag elsewhere" if names & {"tags", "tag", "last release"} else ""


def test_each_line_releases_what_npm_would_and_nothing_else(
    ask: Ask, oracle_count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [generated(seed) for seed in range(min(oracle_count * _TIMES, _MOST))]
    plans = [plan_of(clone, lines) for clone, lines in made]

    asked = [question(*each, plan) for each, plan in zip(made, plans, strict=True)]
    answers = ask({"about": "lines", "histories": asked})

    counted: Counter[str] = Counter()
    differences = []
    for seed, (plan, answer) in enumerate(zip(plans, answers, strict=True)):
        theirs = as_object(answer)
        npm = str(theirs.get("refused") or ("crash" if "crash" in theirs else "fine"))
        if any(each.name == "line" for each in plan.blockers):
            kind, agree = npm, npm != "fine"
        elif name := deviation(plan):
            kind, agree = f"{name}, npm: {npm}", True
        else:
            kind, agree = npm, npm == "fine" and plan.version == theirs["version"]
        if not agree:
            differences.append((seed, plan.version, theirs))
        counted[kind] += 1
    with capsys.disabled():
        print(  # noqa: T201 - the count is what the reader came for
            f"\nlines: {len(made)} histories, {len(differences)} differences,"
            f" {dict(sorted(counted.items()))}"
        )
    assert differences[:5] == []
