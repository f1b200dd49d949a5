"""What a plan reports and what a run does, over generated states: no contradiction."""

import random
from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.release.plan import ReleasePlan
from monokeel.release.record import marker
from tests.fakes.lane import MAIN, Lane
from tests.fakes.world import CLAIMS, SERVICES

STATES = 300
FAR = "c" * 40


def test_a_plan_says_what_a_run_does(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, int] = {}
    for seed in range(STATES):
        lane = generated(seed)
        commit = lane.history.commits[seed % len(lane.history.commits)][0]
        before = len(lane.faults.writes)

        plan = lane.plan(commit)

        assert len(lane.faults.writes) == before, seed
        said = verdict(plan)
        done = attempt(lane, commit, said)
        assert done == said, (seed, plan.checks, plan.blockers)
        counts[said] = counts.get(said, 0) + 1
        if said in {"released", "nothing"} and not plan.first:
            assert lane.plan(commit).needed is False, seed
    assert set(counts) == {"released", "nothing", "refused", "unknown", "finished"}
    with capsys.disabled():
        print(f"\nplan and run: {STATES} states, 0 contradictions: {counts}")  # noqa: T201


def verdict(plan: ReleasePlan) -> str:
    """Return what *plan* says that a run will do."""
    if plan.needed is False and not plan.blockers:
        return "nothing"
    if plan.blockers:
        return "refused"
    if plan.unknown:
        return "unknown"
    return "finished" if plan.version is None else "released"


def attempt(lane: Lane, commit: str, said: str) -> str:
    """Return what a run of *commit* does; one that is to write nothing must not."""
    before = len(lane.faults.writes)
    try:
        run = lane.run(commit)
    except RefusedError:
        assert len(lane.faults.writes) == before or said == "released"
        return "refused"
    except ServiceError:
        assert len(lane.faults.writes) == before
        return "unknown"
    if not run.out:
        assert len(lane.faults.writes) == before
        return "nothing"
    lane.check()
    return "released" if run.out[-1].record.commit == commit else "finished"


def generated(seed: int) -> Lane:
    """Return a lane on which runs were cut short and members have put things down."""
    chance = random.Random(seed)  # noqa: S311 - states, no secrets
    lane = Lane()
    lane.faults.after = lambda: None  # what members do breaks what our runs keep
    for number in range(chance.randint(1, 4)):
        kind = chance.choice(["feat", "fix", "docs", "fix"])
        commit = lane.land(f"{kind}: change {number}")
        if chance.random() < 0.5:
            lane.kill(commit, chance.randint(1, 13))
    for spoil in chance.sample(SPOILS, chance.choice([0, 0, 1, 1, 2])):
        spoil(lane, chance)
    return lane


def draft(lane: Lane, chance: random.Random) -> None:
    commit = lane.history.head()
    tag = f"v{chance.choice(['1.0.0', '1.0.1', '1.1.0'])}"
    made = lane.releases.create_draft(tag, title="", body=marker(commit))
    if chance.random() < 0.5:
        lane.releases.attach(made, b'{"schema": 1}')
    now = lane.releases.releases[made.id]
    files = {**now.assets, "binary": 900 + made.id}
    lane.releases.releases[made.id] = replace(now, assets=files)


def edited_draft(lane: Lane, _: random.Random) -> None:
    for number, release in lane.releases.releases.items():
        if release.draft:
            lane.releases.releases[number] = replace(release, body="edited")


def image(lane: Lane, chance: random.Random) -> None:
    version = chance.choice(["1.0.0", "1.0.1", "1.1.0"])
    digest = f"sha256:{'e' * 64}"
    name = (f"acme/shop/{chance.choice(SERVICES)}", version)
    if name not in lane.images.tags:
        lane.images.push(*name, digest, lane.history.head())


def silent(lane: Lane, chance: random.Random) -> None:
    lane.images.silent.add(f"acme/shop/{chance.choice(SERVICES)}")


def closed(lane: Lane, chance: random.Random) -> None:
    lane.images.closed.add(f"acme/shop/{chance.choice(SERVICES)}")


def stray_claim(lane: Lane, _: random.Random) -> None:
    lane.history.beside.add(FAR)
    lane.refs.put_tag(f"{CLAIMS}v3.0.0", FAR, "")


def parted(lane: Lane, _: random.Random) -> None:
    lane.history.beside.add(FAR)
    lane.refs.refs[MAIN] = FAR


SPOILS = [draft, edited_draft, image, silent, closed, stray_claim, parted]
