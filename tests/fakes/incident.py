"""A shop in the middle of an incident: what an on-call person meets at three."""

from datetime import timedelta

from monokeel.promotion.move import move_environment
from monokeel.promotion.plan import Request, plan_promotion
from tests.fakes.pointers import Shop, commit_named

HOLD = "incident 42"
ENVIRONMENTS = ("dev", "staging", "prod")
_FREEZE = """
[[freezes]]
environments = ["prod"]
from = 2026-05-01T00:00:00Z
to = 2026-07-01T00:00:00Z
reason = "holidays"
"""


def incident() -> Shop:
    """Return a shop with a hold, a freeze, a drift, a rollback and pruned images."""
    shop = Shop(soak="1h")
    shop.release("1.3.0", "1.3.2", "1.4.0", "1.5.0", "1.5.1")
    for version, days in (("1.3.0", 9), ("1.3.2", 2), ("1.4.0", 12), ("1.5.0", 0)):
        for name in ENVIRONMENTS:
            shop.place(name, version)
        shop.records.wait(timedelta(days=days, hours=2))
    del shop.images.there["acme/shop/worker", "1.4.0"]
    back = Request(
        environment="prod",
        version="1.3.2",
        rollback=True,
        reason="checkout broken",
        actor="ben",
    )
    move_environment(plan_promotion(back, shop.outside, shop.settings), shop.outside)
    shop.place("dev", "1.5.1")
    shop.records.wait(timedelta(minutes=20))
    shop.push_by_hand("staging", commit_named("1.4.0"))
    shop.clone.policy += _FREEZE
    shop.records.wait(timedelta(days=1))
    return shop
