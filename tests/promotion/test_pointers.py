from dataclasses import replace
from shlex import quote

import pytest

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.promotion.plan import Request, plan_promotion
from monokeel.promotion.pointers import Pointers, read_remote
from monokeel.promotion.reading import Reading, read_promotion
from tests.fakes.pointers import Shop, commit_named

A, B = "a" * 40, "b" * 40
NAMES = {
    "refs/heads/main": A,
    "refs/heads/feat/main": B,
    "refs/heads/env/prod": A,
    "refs/heads/x/refs/heads/env/dev": B,
    "refs/tags/v1.0.0": A,
    "refs/tags/v1.0.0-rc.1": A,
    "refs/tags/v1": B,
    "refs/tags/other/v2.0.0": B,
    "refs/heads/v3.0.0": B,
}


def named() -> Pointers:
    shop = Shop()
    shop.clone.refs |= NAMES
    return read_remote(shop.clone, shop.settings)


def test_only_exact_names_are_pointers_and_releases() -> None:
    pointers = named()

    assert pointers.branches == {"prod": A}
    assert pointers.releases == {"1.0.0": A, "1.0.0-rc.1": A}


def test_the_highest_version_at_a_commit_is_its_name() -> None:
    pointers = named()

    assert (pointers.version_at(A), pointers.version_at(B)) == ("1.0.0", "")
    assert pointers.version_at(None) == ""


def test_the_main_branch_goes_by_its_exact_name() -> None:
    shop = Shop()
    shop.clone.refs["refs/heads/feat/trunk"] = A

    with pytest.raises(UsageError) as caught:
        read_remote(shop.clone, replace(shop.settings, default_branch="trunk"))

    assert caught.value.problem == "the remote has no branch 'trunk'"


@pytest.mark.parametrize("name", ["env", "env/dev/old", "env/dev/$(id);x"])
def test_a_branch_that_git_cannot_have_beside_it_is_named_before_a_record(
    name: str,
) -> None:
    shop = Shop()
    shop.release("1.0.0")
    shop.clone.refs[f"refs/heads/{name}"] = commit_named("1.0.0")
    shop.clone.refs["refs/heads/environment"] = commit_named("1.0.0")

    with pytest.raises(RefusedError) as caught:
        plan_promotion(
            Request(environment="dev", version="1.0.0"), shop.outside, shop.settings
        ).require()

    assert f"git cannot have env/dev beside the branch {name}" in caught.value.problem
    assert f"git push origin --delete {quote(name)} " in caught.value.fix


def placed() -> Shop:
    shop = Shop()
    shop.release("1.4.0")
    shop.place("staging", "1.4.0")
    return shop


def reading(shop: Shop) -> Reading:
    return read_promotion(shop.outside, shop.settings)


def test_a_tag_that_was_made_again_is_said_and_not_the_record_denied() -> None:
    shop = placed()
    shop.clone.refs["refs/tags/v1.4.0"] = commit_named("another")

    drift = reading(shop).place("staging").drift

    there, elsewhere = commit_named("1.4.0")[:12], commit_named("another")[:12]
    assert drift[-1] == (
        f"env/staging is at {there}, whose record does not count:"
        f" 1.4.0 is {elsewhere}, and it says {there}"
    )


def test_the_branch_of_a_former_name_is_drift_until_it_is_gone() -> None:
    shop = placed()
    shop.clone.policy = shop.clone.policy.replace(
        'name = "staging"', 'name = "preprod"\nwas = "staging"'
    )

    before = reading(shop)
    shop.place("preprod", "1.4.0")
    after = reading(shop)

    assert before.place("preprod").drift == (
        (
            "env/preprod is not there yet, its name was env/staging; the last record"
            " is of 1.4.0: ./inv promote --env preprod --version 1.4.0"
        ),
    )
    assert tuple(after.pointers.strays()) == (
        (
            "env/staging is the former branch of preprod and moves no more: once"
            " nothing follows it: git push git@github.com:acme/shop.git --delete"
            " env/staging (with the deploy key: docs/OPERATIONS.md, GitOps Environment"
            " Recovery, 5)"
        ),
    )
