"""The JSON Schema of platform.toml says what the reader says."""

import json
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
import reference
from jsonschema import Draft7Validator, FormatChecker

from monokeel.ground.errors import UsageError
from monokeel.ground.settings import parse_settings
from tests.rendered import renders

SCHEMA = Draft7Validator(json.loads(reference.schema()), format_checker=FormatChecker())
MINIMAL = '[repository]\nowner = "acme"\nname = "shop"\n'


def problems(text: str) -> list[str]:
    """Return what the schema has against *text*, read as an editor reads it."""
    plain = json.dumps(tomllib.loads(text), default=datetime.isoformat)
    return [error.message for error in SCHEMA.iter_errors(json.loads(plain))]


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(json.loads(reference.schema()))


@pytest.mark.parametrize("name", renders.ANSWER_SETS)
def test_each_rendered_file_fits_and_names_the_schema(
    name: str, tmp_path: Path
) -> None:
    source = renders.copy_source(tmp_path / "source")
    tree = renders.render(source, tmp_path / "tree", renders.ANSWER_SETS[name])
    text = (tree / "infra/platform.toml").read_text(encoding="utf-8")
    first = text.splitlines()[0]

    assert problems(text) == []
    assert (tree / "infra" / first.removeprefix("#:schema ")).is_file()


@pytest.mark.parametrize(
    "more",
    [
        'color = "red"\n',
        'default_branch = ""\n',
        "app_id = -1\n",
        '[release]\nrules = "gitmoji"\n',
        '[release]\nskip = ["1.3"]\n',
        '[release]\nclaim_ref = "refs/heads/x"\n',
        '[release]\ntypes = { chore = "tiny" }\n',
        '[release]\ntypes = { "a b" = "patch" }\n',
        '[registry]\nhost = "https://ghcr.io"\n',
        '[registry]\nimages = "shop/api"\n',
        '[settings]\nallow_auto_merge = "yes"\n',
        '[[services]]\nname = "api"\n',
        '[[services]]\nname = "Api"\nkind = "api"\n',
        '[[environments]]\nname = "dev"\nsoak = "1 day"\n',
        '[[freezes]]\nenvironments = ["dev"]\n',
        '[promotion]\nblocked = { "1.5" = "x" }\n',
        '[policy]\nunmanaged = "x"\n',
        "[polcy]\n",
    ],
)
def test_what_the_schema_refuses_is_refused_when_it_is_read(more: str) -> None:
    assert problems(MINIMAL) == []
    assert problems(MINIMAL + more) != []
    with pytest.raises(UsageError):
        parse_settings(MINIMAL + more)
