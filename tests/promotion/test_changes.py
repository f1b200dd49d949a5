from monokeel.ground.report import as_plain
from monokeel.promotion.outcome import preview_report
from monokeel.promotion.plan import Plan, Request, plan_promotion
from tests.fakes.pointers import Shop


def released(*versions: str) -> Shop:
    shop = Shop()
    shop.release(*versions)
    return shop


def plan(shop: Shop, request: Request) -> Plan:
    return plan_promotion(request, shop.outside, shop.settings)


def test_a_plan_says_what_would_change() -> None:
    shop = released("1.0.0", "1.1.0", "1.2.0")
    shop.place("dev", "1.0.0")

    text = as_plain(
        preview_report(plan(shop, Request(environment="dev", version="1.2.0")))
    )

    assert "2 commits would come\n  - feat: 1.2.0\n  - feat: 1.1.0\n" in text
    assert "https://github.com/acme/shop/compare/v1.0.0...v1.2.0" in text


def test_a_rollback_says_what_would_go() -> None:
    shop = released("1.0.0", "1.1.0")
    for version in ("1.0.0", "1.1.0"):
        shop.place("dev", version)

    back = Request(environment="dev", rollback=True)

    text = as_plain(preview_report(plan(shop, back)))

    assert "1 commit would go\n  - feat: 1.1.0\n" in text
    assert "/compare/v1.0.0...v1.1.0" in text  # the other way round is an empty page
