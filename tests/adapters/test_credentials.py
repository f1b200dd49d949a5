"""Where the token may go, and which address is one."""

import pytest

from monokeel.adapters.addresses import check_address
from monokeel.adapters.credentials import (
    Credentials,
    https_address,
    token_environment,
)
from monokeel.ground.errors import UsageError

CREDENTIALS = Credentials(token="ghp_secret", server="github.com")
LOCAL = Credentials(token="ghp_secret", server="127.0.0.1:8080")


def test_the_token_goes_to_the_server_over_https() -> None:
    assert token_environment(CREDENTIALS, "https://github.com/acme/shop.git")
    assert token_environment(CREDENTIALS, "HTTPS://GitHub.com/acme/shop.git")


def test_the_token_goes_over_plain_http_on_this_machine() -> None:
    assert token_environment(LOCAL, "http://127.0.0.1:8080/acme/shop.git")


@pytest.mark.parametrize(
    "address",
    [
        "http://github.com/acme/shop.git",
        "http://ann@github.com/acme/shop.git",
        "https://github.com@evil.example/acme/shop.git",
        "https://evil.example/github.com/acme/shop.git",
        "https://github.com.evil.example/acme/shop.git",
        "git@github.com:acme/shop.git",
        "/srv/shop.git",
    ],
)
def test_the_token_goes_nowhere_else(address: str) -> None:
    assert token_environment(CREDENTIALS, address) == {}


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://[::1", "is no address"),
        ("https://u:hunter2@[::1", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("ghcr.io", "not an https address"),
        ("https://", "not an https address"),
        ("ftp://127.0.0.1", "not an https address"),
    ],
)
def test_what_is_no_address_is_wrong_use(address: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        check_address(address)

    assert "hunter2" not in caught.value.problem


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ssh://git@github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("git@github.com:acme/shop.git", "https://github.com/acme/shop.git"),
        ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
        ("/srv/git/shop.git", "/srv/git/shop.git"),
    ],
)
def test_an_app_pushes_over_https_wherever_the_remote_is(
    address: str, expected: str
) -> None:
    assert https_address(address) == expected
