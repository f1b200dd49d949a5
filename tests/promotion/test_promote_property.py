"""Any story of promotions, crashes and lost answers ends in records that are true."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monokeel.ground.errors import MonokeelError
from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Request, plan_promotion
from monokeel.promotion.status import overview_of
from tests.fakes.fuse import Crash
from tests.fakes.pointers import Shop, commit_named

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
ENVIRONMENTS = ("dev", "staging")


@dataclass(frozen=True)
class Step:
    """One run of promote, and what befalls it at its n-th write (0: nothing).

    *rival* is a version that another run promotes right before this one pushes.
    """

    environment: str
    version: str
    rollback: bool
    at_write: int
    crash: bool
    minutes: int
    rival: str


STEPS = st.builds(
    Step,
    environment=st.sampled_from(ENVIRONMENTS),
    version=st.sampled_from(("", *VERSIONS)),
    rollback=st.booleans(),
    at_write=st.integers(0, 5),
    crash=st.booleans(),
    minutes=st.sampled_from((0, 1, 20)),
    rival=st.sampled_from(("", "", *VERSIONS)),
)


def run(shop: Shop, step: Step) -> None:
    shop.records.wait(timedelta(minutes=step.minutes))
    if step.at_write and step.crash:
        shop.fuse.crash_after(step.at_write)
    elif step.at_write:
        shop.fuse.lose_answer_of(step.at_write)

    def be_first() -> None:
        shop.clone.before_push = lambda: None
        if step.rival:
            attempt(shop, step.environment, step.rival)

    shop.clone.before_push = be_first
    attempt(shop, step.environment, step.version, rollback=step.rollback)
    shop.fuse.disarm()
    shop.clone.before_push = lambda: None


def attempt(
    shop: Shop, environment: str, version: str, *, rollback: bool = False
) -> None:
    try:
        promote(shop, environment, version, rollback=rollback)
    except (MonokeelError, Crash):
        return  # refused, unclear or killed: the next run must cope


def promote(
    shop: Shop, environment: str, version: str, *, rollback: bool = False
) -> None:
    request = Request(
        environment=environment, version=version, rollback=rollback, actor="ana"
    )
    plan = plan_promotion(request, shop.outside, shop.settings)
    move_environment(plan, shop.outside)


def drift(shop: Shop) -> list[str]:
    overview = overview_of(shop.outside, shop.settings, hold="")
    return [line for place in overview.reading.places for line in place.drift]


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=8))
def test_any_story_ends_in_true_records_and_then_in_silence(steps: list[Step]) -> None:
    shop = Shop()
    shop.release(*VERSIONS)
    for step in steps:
        run(shop, step)
        for name in ENVIRONMENTS:
            assert shop.clone.at(name) in ("nothing", *VERSIONS)
    shop.release("2.0.0")
    shop.records.wait(timedelta(hours=1))

    for name in ENVIRONMENTS:
        promote(shop, name, "2.0.0")
    written = len(shop.fuse.log)
    for name in ENVIRONMENTS:
        promote(shop, name, "2.0.0")

    assert len(shop.fuse.log) == written
    assert drift(shop) == []
    for name in ENVIRONMENTS:
        assert shop.clone.refs[f"refs/heads/env/{name}"] == commit_named("2.0.0")
        states = shop.records.states(name)
        assert [state for state in states if state.endswith("pending")] == []
