"""Deploy keys that may write and are not ours: which they are, and what ends it."""

from dataclasses import replace

import pytest

from monokeel.policy.rulesets import parse_policy
from monokeel.setup.expectations import expectations
from monokeel.setup.rows import Otherwise, answer_to
from monokeel.setup.writer import fingerprint
from tests.fakes.unconnected import RULES, World, a_key
from tests.setup.test_expectations import connected, otherwise


def test_where_our_key_is_the_other_of_its_name_is_known() -> None:
    """Two keys have our title: the machine that made ours tells them apart."""
    world = connected()
    world.keys = [a_key(), a_key(id=4, key="ssh-ed25519 T1RIRVI=")]
    blind = otherwise(world)["other write keys"]
    world.local_key = "ssh-ed25519 QUJD"
    rows = [*expectations(replace(world.outside, clone=None, token_kind=""))]

    [found] = [answer_to(row) for row in rows if row.name == "other write keys"]

    assert "keys/3 or gh api" in blind.remedy
    assert isinstance(found, Otherwise)
    assert found.remedy.endswith(": gh api --method DELETE repos/acme/shop/keys/4")
    world.local_key = "ssh-ed25519 T0xE"  # never registered, or not any more
    again = [answer_to(row) for row in rows if row.name == "other write keys"]
    assert again == [blind]


def test_another_write_key_is_named_and_a_read_only_one_is_not() -> None:
    world = connected()
    world.keys += [
        a_key(title="ci", key="ssh-ed25519 Q0k="),
        a_key(title="mirror", key="ssh-ed25519 TUk=", writes=False),
    ]

    found = otherwise(world)

    assert list(found) == ["other write keys"]
    ci, key = fingerprint("ssh-ed25519 Q0k="), found["other write keys"]
    assert key.detail.endswith(
        f"beside ours: ci (id 3, {ci}, added at 2026-01-01T00:00:00Z)"
    )
    assert "gh api --method DELETE repos/acme/shop/keys/3" in key.remedy


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        (RULES, True),
        (
            RULES.replace('null, "actor_type": "DeployKey"', '3, "actor_type": "Team"'),
            False,
        ),
        ("[]", False),
    ],
)
def test_other_write_keys_matter_where_the_rules_let_keys_pass(
    rules: str, *, asked: bool
) -> None:
    at = replace(World().outside, policy=parse_policy(rules))

    names = [row.name for row in expectations(at)]

    assert ("other write keys" in names) is asked
