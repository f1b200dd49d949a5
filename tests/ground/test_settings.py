"""``infra/platform.toml``: what is accepted, and the one line that refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monokeel.ground.errors import UsageError
from monokeel.ground.settings import KEYS, Environment, Service, parse_settings
from monokeel.ground.toml import Key, Keys, Tables, Text

MINIMAL = """
[repository]
owner = "Acme"
name = "Shop"
"""
SERVICE = '[[services]]\nname = "api"\nkind = "api"\n'
ENVIRONMENT = '[[environments]]\nname = "prod"\n'
FREEZE = ENVIRONMENT + '[[freezes]]\nenvironments = ["prod"]\nreason = "x"\n'


def test_defaults_fill_what_the_file_leaves_out() -> None:
    settings = parse_settings(MINIMAL)

    assert settings.repository == "Acme/Shop"
    assert settings.default_branch == "main"
    assert settings.rules == "conventionalcommits"
    assert settings.tag("1.4.0") == "v1.4.0"
    assert settings.claim("v1.4.0") == "refs/tags/monokeel-claim/v1.4.0"
    assert settings.registry_host == "ghcr.io"
    assert settings.build == "docker"
    assert settings.services == ()
    assert settings.environments == ()


@pytest.mark.parametrize(
    "ref",
    [
        *("refs/tags/{tag}", "refs/heads/releases/{tag}", "refs/heads/{tag}"),
        *("x/{tag}", "refs/pull/{tag}", "refs/tags/a..b/{tag}", "refs/tags/v{tag}"),
        *("refs/replace/{tag}", "refs/remotes/origin/{tag}", "refs/tags/env/{tag}"),
    ],
)
def test_a_claim_that_could_not_be_one_is_refused(ref: str) -> None:
    """R39: git has no tag object as a branch, and a claim is no release."""
    with pytest.raises(UsageError, match="claim_ref") as caught:
        parse_settings(f'{MINIMAL}[release]\nclaim_ref = "{ref}"\n')

    assert caught.value.fix.endswith("a tag, which no branch can be.")


@pytest.mark.parametrize(
    "line",
    [
        f'default_branch = "{"a" * 201}"',
        f'[[environments]]\nname = "{"a" * 201}"',
        f'[[services]]\nname = "{"a" * 201}"\nkind = "api"',
        f'[release]\ntag_prefix = "{"v" * 201}"',
        (
            f'[registry]\nimages = "{"a/" * 60}{{repository}}/{{service}}"\n'
            f'[[services]]\nname = "{"a" * 130}"\nkind = "api"'
        ),
        '[release]\ninitial = "9999999999999999.0.0"',
    ],
)
def test_what_is_too_long_for_a_name_is_refused(line: str) -> None:
    """R40: git ends a part of a ref, and a registry an image, at 255 characters."""
    with pytest.raises(UsageError):
        parse_settings(f"{MINIMAL}{line}\n")


def test_services_and_environments_keep_their_order() -> None:
    settings = parse_settings(
        MINIMAL
        + SERVICE
        + '[[environments]]\nname = "dev"\nprerelease = true\n'
        + '[[environments]]\nname = "prod"\nsoak = "24h"\nreviewers = true\n'
    )

    place = "services/api"
    assert settings.services == (
        Service(name="api", kind="api", path=place, context=place),
    )
    assert settings.environments == (
        Environment(name="dev", soak=timedelta(), prerelease=True, reviewers=False),
        Environment(
            name="prod", soak=timedelta(days=1), prerelease=False, reviewers=True
        ),
    )


def test_what_promotion_is_told() -> None:
    settings = parse_settings(
        MINIMAL
        + '[release]\nlines = ["1.x", "1.4.x"]\n'
        + '[promotion]\nblocked = { "1.5.0" = "loses orders" }\n'
        + ENVIRONMENT
        + 'auto = true\nwas = "live"\n'
    )

    (prod,) = settings.environments
    assert settings.lines == ("1.x", "1.4.x")
    assert settings.blocked == {"1.5.0": "loses orders"}
    assert (prod.auto, prod.was) == (True, "live")


def test_managed_files_that_a_team_keeps_are_paths() -> None:
    settings = parse_settings(MINIMAL + '[template]\nedited = ["docs/a.md"]\n')

    assert settings.edited == ("docs/a.md",)
    with pytest.raises(UsageError, match="edited"):
        parse_settings(MINIMAL + '[template]\nedited = ["../a.md"]\n')


def test_a_freeze_is_kept_in_utc() -> None:
    settings = parse_settings(
        MINIMAL
        + ENVIRONMENT
        + '[[freezes]]\nenvironments = ["prod"]\nreason = "holidays"\n'
        + "from = 2026-12-20T01:00:00+01:00\nto = 2027-01-03T00:00:00Z\n"
    )

    assert settings.freezes[0].window == (
        datetime(2026, 12, 20, tzinfo=UTC),
        datetime(2027, 1, 3, tzinfo=UTC),
    )
    assert settings.freezes[0].reason == "holidays"


def test_an_unknown_environment_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(MINIMAL + ENVIRONMENT).environment("prd")

    assert (
        caught.value.problem == "there is no environment 'prd' in infra/platform.toml"
    )
    assert caught.value.fix == "Choose one of: prod."


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        pytest.param(
            MINIMAL
            + ENVIRONMENT
            + '[[freezes]]\nenvironments = ["prod", "qa"]\n'
            + "from = 2026-12-20T00:00:00Z\nto = 2027-01-03T00:00:00Z\nreason = 'x'\n",
            "[[freezes]] 1: there is no environment 'qa'",
            "Name some of: prod.",
            id="a freeze of an unknown environment",
        ),
        pytest.param("[repository", "this is not TOML", "", id="not TOML"),
        pytest.param("", "[repository] owner is missing", "", id="empty"),
        *(
            pytest.param(
                f"schema = {number}",
                "this is not TOML: it holds a whole number that is too long",
                "",
                id=f"a number of {len(number)} digits",
            )
            for number in ("9" * 5_000, "0x" + "f" * 6_000)
        ),
        pytest.param(
            MINIMAL + '[release]\ntag_prefx = "v"\n',
            "[release] tag_prefx is not a known key",
            "Did you mean tag_prefix?",
            id="unknown key",
        ),
        pytest.param(
            MINIMAL + '[relaese]\nrules = "angular"\n',
            "relaese is not a known key",
            "Did you mean release?",
            id="unknown table",
        ),
        pytest.param(
            MINIMAL + '[release]\nrules = "gitmoji"\n',
            "[release] rules = 'gitmoji' is not known",
            "Choose one of: conventionalcommits, angular.",
            id="unknown rule set",
        ),
        pytest.param(
            MINIMAL + SERVICE + SERVICE, "'api' stands there twice", "", id="twice"
        ),
        pytest.param(
            MINIMAL + '[[services]]\nname = "-x"\nkind = "api"\n',
            "[[services]] 1 name = '-x' is not allowed",
            "",
            id="an option as a name",
        ),
        pytest.param(
            MINIMAL + SERVICE + 'path = "../elsewhere"\n',
            "is not inside the repository",
            "",
            id="path outside",
        ),
        pytest.param(
            MINIMAL + ENVIRONMENT + 'soak = "1 day"\n',
            "soak = '1 day' is not a duration",
            "24h",
            id="bad soak",
        ),
        pytest.param(
            MINIMAL + ENVIRONMENT + 'reviewers = "yes"\n',
            "reviewers must be true or false, not 'yes'",
            "",
            id="not a flag",
        ),
        pytest.param(
            MINIMAL
            + ENVIRONMENT
            + '[[freezes]]\nenvironments = ["prod"]\nreason = "x"\n'
            + "from = 2026-12-20T00:00:00\nto = 2027-01-03T00:00:00Z\n",
            "from = 2026-12-20T00:00:00 has no time zone",
            "zone (Z or an offset)",
            id="time without a zone",
        ),
        pytest.param(
            MINIMAL + FREEZE + "from = 2026-12-20\nto = 2027-01-03T00:00:00Z\n",
            "from = 2026-12-20 is not a moment",
            "without quotes, such as 2026-12-20T00:00:00Z",
            id="a day for a moment",
        ),
        pytest.param(
            MINIMAL + FREEZE + 'from = "2026-12-20T00:00:00Z"\n',
            "from = '2026-12-20T00:00:00Z' is not a moment",
            "without quotes",
            id="a text for a moment",
        ),
        pytest.param(
            MINIMAL + FREEZE + 'weekly = "Friday evening"\nzone = "UTC"\n',
            "weekly = 'Friday evening' is not allowed",
            "Fri 16:00 - Mon 08:00",
            id="a week that nobody understands",
        ),
        pytest.param(
            MINIMAL + FREEZE + 'from = 2026-12-20T00:00:00Z\nzone = "Europe/Berln"\n',
            "zone goes with weekly alone",
            "have a zone of their own",
            id="a zone of no week",
        ),
        pytest.param(
            MINIMAL + FREEZE + 'weekly = "Fri 16:00 - Mon 08:00"\n',
            "zone is missing or empty",
            "",
            id="a week without a zone",
        ),
        pytest.param(
            MINIMAL
            + ENVIRONMENT
            + '[[freezes]]\nenvironments = []\nreason = "x"\n'
            + "from = 2026-12-20T00:00:00Z\nto = 2027-01-03T00:00:00Z\n",
            "nothing would freeze",
            "prod",
            id="a freeze of nothing",
        ),
        pytest.param(
            MINIMAL + '[promotion]\nblocked = { "1.5" = "loses orders" }\n',
            "blocked: the key = '1.5' is not allowed",
            "",
            id="blocked is no version",
        ),
        pytest.param(
            MINIMAL + ENVIRONMENT + 'was = "prod"\n',
            "'prod' stands there twice",
            "",
            id="a former name that is in use",
        ),
        pytest.param(
            MINIMAL + '[release]\nskip = ["1.3"]\n',
            "[release] skip[0] = '1.3' is not allowed",
            "",
            id="skip is no version",
        ),
        pytest.param(
            MINIMAL + '[release]\nclaim_ref = "refs/heads/x"\n',
            "claim_ref = 'refs/heads/x' is not allowed",
            "",
            id="claim without tag",
        ),
    ],
)
def test_a_broken_file_is_refused_in_one_line(
    text: str, problem: str, fix: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(text)

    assert caught.value.problem.startswith("infra/platform.toml: ")
    assert problem in caught.value.problem
    assert fix in caught.value.fix
    assert "\n" not in caught.value.problem


def test_a_service_says_how_it_is_built() -> None:
    text = SERVICE + (
        'context = "."\ndockerfile = "docker/api"\nplatforms = ["linux/arm64"]\n'
        'args = { PYTHON = "3.13" }\n'
    )

    [service] = parse_settings(MINIMAL + text).services

    assert (service.path, service.context) == ("services/api", ".")
    assert (service.dockerfile, service.platforms) == ("docker/api", ("linux/arm64",))
    assert service.args == {"PYTHON": "3.13"}


@pytest.mark.parametrize(
    "line",
    [
        'context = "../x"',
        'dockerfile = "/etc/x"',
        'platforms = ["arm"]',
        'args = { "-x" = "1" }',
        *('context = ".git"', 'context = "a/.GIT"', 'path = ".git"'),
        'context = "Git~1"',
    ],
)
def test_a_build_outside_of_the_repository_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        parse_settings(f"{MINIMAL}{SERVICE}{line}\n")


@pytest.mark.parametrize(
    ("line", "problem"),
    [('initial = "1.0"', "initial"), ('types = { "a b" = "patch" }', "a b"),
     ('types = { chore = "tiny" }', "tiny")],
)  # fmt: skip
def test_a_first_version_or_a_type_that_is_none_is_refused(
    line: str, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_settings(f"{MINIMAL}[release]\n{line}\n")


@pytest.mark.parametrize("line", ["0.x", "0.0.x", "01.x", "1", "v1.x", "1.x.x", "x"])
def test_what_npm_takes_for_no_line_is_refused_in_words(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f'{MINIMAL}[release]\nlines = ["{line}"]\n')

    assert caught.value.fix.startswith('Write branches such as "1.x" or "1.4.x"')


def test_a_line_twice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'1\.x' stands there twice"):
        parse_settings(MINIMAL + '[release]\nlines = ["1.x", "1.x"]\n')


@pytest.mark.parametrize(
    "prefix", ["", "shop@", "release/", "1", "v..", "v.lock", "v..x", "v~"]
)
def test_the_refusal_of_a_prefix_gives_an_example(prefix: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f'{MINIMAL}[release]\ntag_prefix = "{prefix}"\n')

    assert caught.value.fix.startswith('Write one such as "v" or "shop-v"')


def texts(keys: Keys) -> Iterator[tuple[str, Text]]:
    """Yield every reader of a text of some shape, below which key it stands."""
    for name, key in keys.items():
        reader = key.reader if isinstance(key, Key) else None
        if not isinstance(key, Key):
            yield from texts(key)
        elif isinstance(reader, Tables):
            yield from texts(reader.keys)
        else:
            parts = (
                reader,
                *(getattr(reader, x, None) for x in ("item", "name", "value")),
            )
            yield from ((name, x) for x in parts if isinstance(x, Text) and x.shape)


def test_no_reader_of_an_error_has_to_know_regular_expressions() -> None:
    """D15: what a value has to be is said in words."""
    found = [*texts(KEYS)]

    assert len(found) > 20
    assert [name for name, reader in found if not reader.says.endswith(".")] == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[release]\nskip = ["v1.0.0"]', 'without a prefix, such as "1.4.0"'),
        (
            '[promotion]\nblocked = {"v1.0.0" = "x"}',
            "the key = 'v1.0.0' is not allowed",
        ),
        ('[[services]]\nname = "Api"\nkind = "api"', 'such as "api"'),
        ('[[environments]]\nname = "release"', "Give it another name."),
        ('[[services]]\nname = "a"\nkind = "api"\npath = "../a"', "from the root of"),
    ],
)
def test_a_wrong_value_is_told_what_to_write(more: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f'[repository]\nowner = "a"\nname = "b"\n{more}\n')

    assert says in f"{caught.value.problem}\n{caught.value.fix}"
