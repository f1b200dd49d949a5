"""Which secret goes to which host, as the variables and the settings say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.errors import RefusedError, UsageError
from monokeel.tasks import promote, wiring

TOKEN = "ghs_of_this_job"
CACHED = (
    wiring.root,
    wiring.make_session,
    wiring.make_github,
    wiring.make_git,
    wiring.make_registry,
)
SETTINGS = """
[repository]
owner = "acme"
name = "shop"

[registry]
host = "{host}"

[[services]]
name = "api"
kind = "api"
path = "services/api"
"""


def key_of(whom: str) -> str:
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{whom}\n-----END"


class Place:
    """A repository whose settings and variables a test chooses."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, patch
        patch.chdir(folder)
        self.host("ghcr.io")
        self.set(GITHUB_TOKEN=TOKEN)

    def host(self, name: str) -> None:
        (self.folder / "infra").mkdir(exist_ok=True)
        text = SETTINGS.format(host=name)
        (self.folder / "infra/platform.toml").write_text(text)

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._patch.setenv(name, value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for each in CACHED:
        each.cache_clear()
    yield Place(tmp_path, monkeypatch)
    for each in CACHED:
        each.cache_clear()


def signed_in() -> tuple[str | None, str | None]:
    login = wiring.registry_login()
    return login.user, login.password


def test_the_token_goes_to_the_registry_of_github(place: Place) -> None:
    assert signed_in() == ("token", TOKEN)

    place.set(GITHUB_ACTOR="ann")

    assert signed_in() == ("ann", TOKEN)


def test_the_token_of_a_job_stands_in_for_that_of_an_app(place: Place) -> None:
    place.set(MONOKEEL_PACKAGES_TOKEN="of the job")

    assert signed_in() == ("token", "of the job")


@pytest.mark.parametrize(
    "host",
    [
        "evilghcr.io",
        "hcr.io",
        "ghcr.io.evil.example",
        "ghcr.io.",
        "ghcr.io:8443",
        "quay.io",
        "registry.example.com",
        "github.com",
    ],
)
def test_no_token_of_github_goes_to_another_registry(place: Place, host: str) -> None:
    place.set(MONOKEEL_PACKAGES_TOKEN="of the job")
    place.host(host)

    assert signed_in() == (None, None)

    place.host("ghcr.io")
    place.set(MONOKEEL_REGISTRY=f"https://{host}")

    assert signed_in() == (None, None)


def test_the_token_goes_to_a_registry_at_the_address_of_the_api(place: Place) -> None:
    place.set(GITHUB_API_URL="http://127.0.0.1:8080/api")
    place.set(MONOKEEL_REGISTRY="http://127.0.0.1:8080")

    assert signed_in() == ("token", TOKEN)

    place.set(MONOKEEL_REGISTRY="http://127.0.0.1:8081")

    assert signed_in() == (None, None)


def test_the_login_of_the_registry_stands_before_the_token(place: Place) -> None:
    place.host("registry.example.com")
    place.set(MONOKEEL_REGISTRY_USER="robot", MONOKEEL_REGISTRY_PASSWORD="s3cret")

    assert signed_in() == ("robot", "s3cret")
    assert not wiring.registry_login().borrowed


@pytest.mark.parametrize(
    ("api", "server"),
    [
        ("", "github.com"),
        ("https://api.github.com/", "github.com"),
        ("https://github.example.com/api/v3", "github.example.com"),
        ("https://api.acme.ghe.com", "acme.ghe.com"),  # G32
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_git_sends_the_token_to_the_server_of_the_api(
    place: Place, api: str, server: str
) -> None:
    place.set(GITHUB_API_URL=api, MONOKEEL_DEPLOY_KEY=key_of("us"))

    made = wiring.make_credentials()

    assert (made.token, made.server, made.deploy_key) == (TOKEN, server, key_of("us"))
    assert TOKEN not in repr(made)
    assert "PRIVATE KEY" not in repr(made)


def test_github_is_asked_at_the_address_and_for_the_repository_set(
    place: Place,
) -> None:
    assert wiring.make_github().api == "https://api.github.com"
    assert wiring.make_github().repository == "acme/shop"

    wiring.make_github.cache_clear()
    place.set(GITHUB_API_URL="http://127.0.0.1:1/", GITHUB_REPOSITORY="acme/other")

    assert wiring.make_github().api == "http://127.0.0.1:1"
    assert wiring.make_github().repository == "acme/other"


@pytest.mark.parametrize(
    "variables",
    [
        {"GITHUB_API_URL": "http://github.example.com"},
        {"GITHUB_API_URL": "https://user:s3cret@github.example.com"},
        {"GITHUB_API_URL": "user:s3cret@github.example.com"},
        {"GITHUB_REPOSITORY": "acme"},
        {"GITHUB_REPOSITORY": "acme/../x"},
        {"GITHUB_REPOSITORY": "https://x:s3cret@github.com/acme/shop"},
        {"GITHUB_TOKEN": "s3cret with a space"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_without_the_secret(
    place: Place, variables: dict[str, str]
) -> None:
    place.set(**variables)

    with pytest.raises(UsageError) as caught:
        wiring.make_github()

    assert "s3cret" not in caught.value.problem + caught.value.fix


def test_a_repository_that_is_given_as_an_address_shows_no_secret(
    place: Place,
) -> None:
    place.set(GITHUB_REPOSITORY="acme/shop")

    with pytest.raises(RefusedError, match="which repository is meant") as caught:
        wiring.require_this_repository("https://x:s3cret@github.com/acme/other")

    assert "github.com/acme/other" in caught.value.problem
    assert "s3cret" not in caught.value.problem


def test_an_empty_variable_is_none(place: Place) -> None:
    place.set(GITHUB_TOKEN="  ", GH_TOKEN="of-gh")

    assert wiring.token() == "of-gh"
    assert wiring.variable("MONOKEEL_NOTHING", "GH_TOKEN") == "of-gh"


def test_a_preview_in_a_workflow_judges_no_push_of_its_own(place: Place) -> None:
    """The job that plans has no key; the one that moves has it."""
    assert promote.pushes_with_token(dry_run=True)

    place.set(GITHUB_ACTIONS="true")

    assert not promote.pushes_with_token(dry_run=True)
    assert promote.pushes_with_token(dry_run=False)


def test_what_reads_the_template_can_write_nothing_here(place: Place) -> None:
    place.set(
        MONOKEEL_DEPLOY_KEY=key_of("us"),
        MONOKEEL_WRITER_KEY=key_of("the App"),
        MONOKEEL_TEMPLATE_TOKEN="ghp_of_the_template",
        MONOKEEL_TEMPLATE_KEY=key_of("them"),
    )

    may, here = wiring.make_credentials(template=True), wiring.make_credentials()

    assert (may.token, may.deploy_key) == ("ghp_of_the_template", key_of("them"))
    assert may.mint is None
    assert (here.token, here.deploy_key) == (TOKEN, key_of("us"))


WHOLE_KEY = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmU+/w==
AAAEbm9uZQAAAAAAAAABAAAA
-----END OPENSSH PRIVATE KEY-----"""


@pytest.mark.parametrize(
    "pasted",
    [
        pytest.param(WHOLE_KEY, id="as it is"),
        pytest.param(WHOLE_KEY.replace("\n", "\r\n"), id="Windows"),
        pytest.param(WHOLE_KEY.replace("\n", "\n    "), id="indented"),
        pytest.param(WHOLE_KEY.replace("\n", " \n"), id="blanks behind"),
        pytest.param(WHOLE_KEY.replace("\n", " "), id="one line"),
        pytest.param(WHOLE_KEY.replace("\n", r"\n"), id="written line ends"),
        pytest.param(f'"{WHOLE_KEY}"', id="quoted"),
        pytest.param(f"\ufeff{WHOLE_KEY}\n\n", id="a mark of its encoding"),
    ],
)
def test_a_key_is_read_however_it_was_pasted(place: Place, pasted: str) -> None:
    place.set(MONOKEEL_DEPLOY_KEY=pasted)

    assert wiring.private_key("MONOKEEL_DEPLOY_KEY") == WHOLE_KEY


def test_a_key_with_headers_is_left_as_it_is(place: Place) -> None:
    headed = WHOLE_KEY.replace("KEY-----\nb3", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nb3")
    place.set(MONOKEEL_DEPLOY_KEY=headed)

    assert wiring.private_key("MONOKEEL_DEPLOY_KEY") == headed


@pytest.mark.parametrize(
    "name", ["MONOKEEL_DEPLOY_KEY", "MONOKEEL_TEMPLATE_KEY", "MONOKEEL_WRITER_KEY"]
)
@pytest.mark.parametrize(
    "text", ["/home/ada/.ssh/key", "ssh-ed25519 AAAAC3 ada", "QQQ"]
)
def test_what_is_no_private_key_is_said_before_anybody_is_asked(
    place: Place, name: str, text: str
) -> None:
    place.set(**{name: text})

    with pytest.raises(UsageError) as caught:
        (
            wiring.make_credentials(),
            wiring.make_credentials(template=True),
            wiring.minter(),
        )

    assert f"{name} holds no private key" in caught.value.problem
    assert text not in caught.value.problem
    assert f'export {name}="$(cat FILE)"' in caught.value.fix


def test_a_freeze_of_a_zone_that_is_none_is_told_whatever_is_asked(
    place: Place,
) -> None:
    file = place.folder / "infra/platform.toml"
    freeze = """
[[environments]]
name = "dev"
[[freezes]]
environments = ["dev"]
weekly = "Fri 16:00 - Mon 08:00"
zone = "Europe/{}"
reason = "weekend"
"""
    text = file.read_text()

    file.write_text(text + freeze.format("Berlin"))
    assert len(wiring.read_settings().freezes) == 1

    file.write_text(text + freeze.format("Berln"))
    said = r"infra/platform.toml: \[\[freezes\]\] 1 zone: .*'Europe/Berln'"
    with pytest.raises(UsageError, match=said):
        wiring.read_settings()
