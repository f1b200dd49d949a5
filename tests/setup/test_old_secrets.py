"""Secrets that are older than the key that they should hold (G2)."""

from dataclasses import replace
from datetime import timedelta

from monokeel.setup.expectations import expectations
from monokeel.setup.rows import AsWanted, Otherwise, answer_to
from tests.fakes.unconnected import START
from tests.setup.test_expectations import connected, otherwise


def test_the_secret_that_stands_in_for_environments_must_be_new_as_well() -> None:
    """G2, where a plan refuses Environments (G8)."""
    world = connected()
    world.keys[0] = replace(world.keys[0], created_at=START + timedelta(days=1))
    del world.environments["dev"]
    world.secret_times = {"": START}

    found = otherwise(world)["secret in dev"]

    assert "is older than its key" in found.detail
    again = "set it again: gh secret set MONOKEEL_DEPLOY_KEY --repo acme/shop"
    assert found.remedy.startswith(again)

    world.secret_times = {"": START + timedelta(days=2)}

    assert "secret in dev" not in otherwise(world)


def test_a_key_that_only_this_machine_knows_dates_its_secrets() -> None:
    """G2: somebody gave it another title on GitHub's page."""
    world = connected()
    [key] = world.keys
    late = START + timedelta(days=9)
    world.keys = [replace(key, title="by hand", created_at=late)]
    rows = expectations(world.outside)

    found = {row.name: answer_to(row) for row in rows}

    assert isinstance(found["writer"], AsWanted)
    old = found["secret in prod"]
    assert isinstance(old, Otherwise)
    assert "is older than its key" in old.detail
