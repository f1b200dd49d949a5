"""A value of the wrong kind is told as TOML writes it, with what may stand there."""

import pytest

from monokeel.ground.errors import UsageError
from monokeel.ground.settings import parse_settings

_SHOP = '[repository]\nowner = "acme"\nname = "shop"\n'
_FREEZE = (
    '[[freezes]]\nenvironments = ["prod"]\nreason = "x"\nto = 2027-01-03T00:00:00Z'
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{_FREEZE}\nfrom = 12:00:00", "from = 12:00:00 is not a moment"),
        ("[release]\nskip = true", "must be a list of strings, not true"),
        ("[release]\nskip = [2026-12-20]", "must be a string, not 2026-12-20"),
        ("[release]\ninitial = [08:30:00, 1]", "must be a string, not [08:30:00, 1]"),
        ('[registry]\nhost = "ghcr.io:99999"', "host = 'ghcr.io:99999' is no host"),
        ('[registry]\nhost = "ghcr.io:0"', "host = 'ghcr.io:0' is no host"),
        ('[registry]\nhost = "ghcr..io"', "host = 'ghcr..io' is no host"),
    ],
)
def test_a_value_that_cannot_be_is_told_as_it_stands_there(
    text: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f"{_SHOP}{text}\n")

    assert problem in caught.value.problem


def test_a_first_version_with_more_than_numbers_is_told_what_it_must_be() -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f'{_SHOP}[release]\ninitial = "1.0.0-rc.1"\n')

    assert "three numbers and nothing else" in caught.value.fix
