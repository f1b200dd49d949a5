from collections.abc import Iterator

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.repository import Repository
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import RefusedError
from sandbox.server import Sandbox
from tests.fakes.http import serving

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43


def github(box: Sandbox, token: str = "admin") -> GitHub:
    return GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens[token] or None,
    )


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def repository(box: Sandbox) -> Repository:
    return Repository(github(box))


@pytest.fixture
def weak(box: Sandbox) -> Repository:
    return Repository(github(box, "actions"))


def test_a_weak_token_does_not_see_the_setting(
    repository: Repository, weak: Repository
) -> None:
    assert repository.get_repository()["delete_branch_on_merge"] is False
    assert "delete_branch_on_merge" not in weak.get_repository()


def test_only_keys_that_may_write_are_named(repository: Repository) -> None:
    repository.create_deploy_key("monokeel", KEY)

    assert repository.write_keys() == ("monokeel",)
    assert [key["title"] for key in repository.list_deploy_keys()] == ["monokeel"]


def test_a_key_is_registered_once(repository: Repository) -> None:
    repository.create_deploy_key("monokeel", KEY)

    with pytest.raises(RefusedError, match="422"):
        repository.create_deploy_key("again", KEY)


def test_keys_that_are_hidden_are_not_none(weak: Repository) -> None:
    assert isinstance(weak.write_keys(), Unknown)


def test_read_only_keys_on_any_page_are_left_out() -> None:
    more = {"Link": '<{}/repos/a/b/keys?page=2>; rel="next"'}
    key = '[{{"title": "{}", "read_only": {}}}]'
    pages = [key.format("one", "false"), key.format("two", "true")]
    with serving((500, {}, b"")) as server:
        link = {"Link": more["Link"].format(server.url)}
        server.replies = [
            (200, link, pages[0].encode()),
            (200, link, pages[0].encode()),
            (200, {}, pages[1].encode()),
        ]
        hub = GitHub(Session(tries=1), api=server.url, repository="a/b", token=None)

        titles = Repository(hub).write_keys()

    assert titles == ("one",)


def test_immutable_releases_are_off_until_switched_on(repository: Repository) -> None:
    assert repository.immutable_releases() is False

    repository.enable_immutable_releases()

    assert repository.immutable_releases() is True


def test_an_owner_that_decides_is_told(box: Sandbox, repository: Repository) -> None:
    box.switches.owner_decides_immutable = True

    with pytest.raises(RefusedError, match="409"):
        repository.enable_immutable_releases()


@pytest.mark.parametrize("by_404", [False, True], ids=["403", "404"])
def test_a_setting_that_is_hidden_is_never_off(
    box: Sandbox, weak: Repository, *, by_404: bool
) -> None:
    box.switches.hide_by_404 = by_404

    assert isinstance(weak.immutable_releases(), Unknown)
    assert isinstance(weak.classic_protection("main"), Unknown)


def test_environments_are_made_and_limited_to_a_branch(repository: Repository) -> None:
    assert repository.get_environment("prod") is None
    policy: Json = {"protected_branches": False, "custom_branch_policies": True}

    repository.put_environment("prod", {"deployment_branch_policy": policy})
    repository.add_branch_policy("prod", "main")
    repository.add_branch_policy("prod", "main")

    assert repository.list_branch_policies("prod") == ["main"]
    assert repository.get_environment("prod") is not None


def test_before_the_first_release_none_is_locked(repository: Repository) -> None:
    assert repository.newest_release_is_immutable() is False
