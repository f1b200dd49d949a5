"""Names of images: made from the settings, and refused where no registry has such."""

import pytest

from monokeel.ground.errors import UsageError
from monokeel.ground.settings import parse_settings
from tests.ground.test_settings import MINIMAL, SERVICE


def test_an_image_name_is_lower_case() -> None:
    assert parse_settings(MINIMAL).image("api") == "acme/shop/api"


@pytest.mark.parametrize(
    ("registry", "image"),
    [
        ('images = "my-project/shop/{service}"', "my-project/shop/api"),
        ('images = "{owner}/{repository}-{service}"', "acme/shop-api"),
        ('host = "docker.io"\nimages = "{owner}/{service}"', "acme/api"),
    ],
)
def test_a_pattern_says_where_images_are(registry: str, image: str) -> None:
    settings = parse_settings(f"{MINIMAL}[registry]\n{registry}\n")

    assert settings.image("api") == image


@pytest.mark.parametrize(
    ("registry", "problem"),
    [
        ('images = "shop/api"', "images"),
        ('images = "/shop/{service}"', "images"),
        ('images = "shop/{service}/"', "images"),
        ('images = "shop/{servce}"', "images"),
        ('images = "shop//{service}"', "images"),
        ('images = "a..b/{service}"', "images"),
        ('images = "a___b/{service}"', "images"),
        ('images = "a/.{service}"', "images"),
        ('images = "a/{service}-"', "images"),
        ('images = "https://x/{service}"', "images"),
        ('host = "docker.io"', "holds names of two parts"),
        ('host = "Docker.io"', "host"),
        ('host = "europe-docker.pkg.dev/my-project/shop"', "host"),
        ('token_realm = "https://gitlab.example.com"', "token_realm"),
    ],
)
def test_a_pattern_that_no_registry_takes_is_refused(
    registry: str, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_settings(f"{MINIMAL}[registry]\n{registry}\n")


def test_a_repository_that_no_image_can_be_named_after_may_have_no_service() -> None:
    named = '[repository]\nowner = "acme"\nname = ".github"\n'

    assert parse_settings(named).services == ()
    with pytest.raises(UsageError, match=r"acme/\.github/api' cannot be an image"):
        parse_settings(named + SERVICE)
