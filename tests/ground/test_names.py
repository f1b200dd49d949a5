import pytest

from monokeel.ground.errors import RefusedError
from monokeel.ground.names import repository_of, require_one_repository


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("https://github.com/acme/shop", "acme/shop"),
        ("https://x:token@github.com/acme/shop.git/", "acme/shop"),
        ("git@github.com:acme/shop.git", "acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "acme/shop"),
        ("http://127.0.0.1:8080/acme/my.shop", "acme/my.shop"),
        ("https://github.com/acme/shop.git?x=y", "acme/shop"),
        ("HTTPS://GitHub.com//acme/shop.GIT", "acme/shop"),
        ("git@github.com:/acme/shop.git", "acme/shop"),
        ("github.com:acme/shop", "acme/shop"),
        ("git+ssh://git@github.com/acme/shop", "acme/shop"),
        ("C:/acme/shop", None),
        ("/srv/git/acme/shop.git", None),
        ("file:///srv/git/shop.git", None),
        ("../shop", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_names_its_repository(address: str | None, name: str | None) -> None:
    assert repository_of(address) == name


def test_who_disagrees_is_named_with_what_he_says() -> None:
    named = {"infra/platform.toml": "acme/shop", "origin": "acme/other", "x": None}

    with pytest.raises(RefusedError) as caught:
        require_one_repository(named)

    assert caught.value.problem.endswith(
        "infra/platform.toml says acme/shop, origin says acme/other"
    )


def test_case_alone_is_no_difference() -> None:
    require_one_repository({"a": "Acme/Shop", "b": "acme/shop", "c": None})
