"""How many modules a version goes through, from the request to what is told.

A module of this room is entered by a call of another module that hands it the version
or a value that holds it (a request, a plan, a record); it is returned to if that
happens again after such a call to another one. The first edition had 10 and 18.
"""

import sys
from itertools import groupby
from types import FrameType

from monokeel.promotion.move import move_environment
from monokeel.promotion.outcome import outcome_report
from monokeel.promotion.plan import Request, plan_promotion
from tests.fakes.pointers import Shop

VERSION = "1.1.0"
HOLDERS = ("version", "request", "plan", "record", "note")


def holds(value: object, depth: int = 2) -> bool:
    if isinstance(value, str):
        return value in (VERSION, f"v{VERSION}")
    known = [name for name in HOLDERS if name in getattr(value, "__slots__", ())]
    return depth > 0 and any(holds(getattr(value, x, None), depth - 1) for x in known)


def way_of(version: str, shop: Shop) -> list[str]:
    """The modules on the way of *version* to staging, in order."""
    calls = list[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_globals.get("__name__", "")
        back = frame.f_back.f_globals.get("__name__", "") if frame.f_back else ""
        ours = name.startswith("monokeel.promotion.")
        if event == "call" and ours and back != name:
            names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
            if any(holds(frame.f_locals.get(each)) for each in names):
                calls.append(name)

    request = Request(environment="staging", version=version)
    sys.setprofile(note)
    try:
        plan = plan_promotion(request, shop.outside, shop.settings)
        outcome_report(move_environment(plan, shop.outside))
    finally:
        sys.setprofile(None)
    return [name for name, _ in groupby(calls)]


def test_a_version_enters_few_modules_and_returns_to_few() -> None:
    shop = Shop()
    shop.release("1.0.0", VERSION)
    for version in ("1.0.0", VERSION):
        shop.place("dev", version)

    way = way_of(VERSION, shop)

    entered = {*way}
    returned = {name for name in entered if way.count(name) > 1}
    print(f"entered {len(entered)} modules, returned to {len(returned)}")  # noqa: T201
    assert shop.clone.at("staging") == VERSION
    assert 5 < len(entered) < 10
    assert len(returned) < 8
