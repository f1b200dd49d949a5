"""Every reader of text from outside ends in a value or in an error of ours.

A few hundred inputs each by default; ``nox -s fuzz`` makes 20,000 (FUZZ_INPUTS).
"""

import json
import os
import random
import re
from collections.abc import Callable

import pytest

from monokeel.adapters.addresses import check_address, joined, parts_of, shown_address
from monokeel.adapters.credentials import Credentials, ssh_address, token_environment
from monokeel.adapters.github import words_of
from monokeel.adapters.manifests import children_of, revision_of
from monokeel.adapters.registry_access import read_bearer, realm_problem
from monokeel.adapters.session import Answer, wait_before_retry
from monokeel.ground.answers import Unknown
from monokeel.ground.errors import MonokeelError
from monokeel.ground.parsers import parse_http_date, parse_json, parse_yaml
from monokeel.ground.report import shortened, visible
from monokeel.ground.settings import parse_settings
from monokeel.ground.version import parse_wanted, read_version
from monokeel.ground.words import parse_time
from monokeel.policy.checks import jobs_of
from monokeel.policy.lint import lint
from monokeel.policy.rulesets import parse_policy
from monokeel.promotion.plan import parse_overrides
from monokeel.release.record import record_in
from tests.e2e.live_shop import POLICY, ROOT
from tests.fuzz.hostile import BODIES, HEADERS, LIMITS, WORDS

COUNT = int(os.environ.get("FUZZ_INPUTS") or "400")
RULES = (ROOT / "infra/rulesets.json").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
RECORD = json.dumps(
    {
        "schema": 1,
        "version": "1.0.0",
        "commit": "a" * 40,
        "services": {"api": f"ghcr.io/acme/shop/api@sha256:{'b' * 64}"},
    }
)
MANIFEST = json.dumps(
    {"manifests": [{"digest": f"sha256:{'c' * 64}"}], "config": {"digest": "x"}}
)
SEEDS = (POLICY, RULES, WORKFLOW, RECORD, MANIFEST, "1.4.0-rc.1", "soak=x", "a: [1]")
SECRET = "hunter2"
ADDRESSES = (
    "https://ghcr.io/x",
    f"https://u:{SECRET}@h/x",
    f"u:{SECRET}@h",
    f"ssh://u:{SECRET}@h:99999/x",
    "git@github.com:acme/shop.git",
    f"https://[::1/@{SECRET}@",
)


def answer_of(text: str, pick: random.Random) -> Answer:
    headers = dict([pick.choice(HEADERS)]) | pick.choice(LIMITS)
    body = pick.choice((text.encode("utf-8", "replace"), *BODIES))
    status = pick.choice((200, 401, 403, 404, 429, 503))
    return Answer(status=status, headers=headers, body=body)


def waits(text: str, pick: random.Random) -> None:
    answer = answer_of(text, pick)
    said = answer.headers.get("x-ratelimit-remaining", "")
    again = wait_before_retry(answer, pick.randrange(1, 4), now=1.8e9)
    assert again is None or again >= 0, said
    words_of(answer)
    answer.json()


def secrets_stay(text: str, pick: random.Random) -> None:
    address = pick.choice(ADDRESSES)
    at = pick.randrange(len(address) + 1)
    mixed = address[:at] + pick.choice((*WORDS, text))[:20] + address[at:]
    if SECRET in mixed and "@" in mixed.partition(SECRET)[2]:
        assert SECRET not in shown_address(mixed)
    parts_of(mixed)
    joined("https://ghcr.io/v2/", mixed)
    realm_problem("https://ghcr.io", mixed)
    read_bearer(f'Bearer realm="{mixed}"')
    ssh_address(mixed)
    given = token_environment(Credentials(token="t", server="github.com"), mixed)
    assert not given or parts_of(mixed).hostname == "github.com"
    check_address(mixed)


def manifest(text: str, pick: random.Random) -> None:
    content = answer_of(text, pick).body
    children_of(content)
    revision_of(content, lambda _, __: pick.choice((content, Unknown(reason="x"))))


def rules(text: str, _: random.Random) -> None:
    lint(parse_policy(text), jobs_of({"ci.yml": text}))


def prints(text: str, _: random.Random) -> None:
    assert _ACTING.search(visible(text)) is None
    assert len(shortened(text)) <= 4100


READERS: dict[str, Callable[[str, random.Random], object]] = {
    "json": lambda text, _: parse_json(text),
    "yaml": lambda text, _: parse_yaml(text),
    "date": lambda text, _: parse_http_date(text),
    "moment": lambda text, _: parse_time(text),
    "settings": lambda text, _: parse_settings(text),
    "rulesets": rules,
    "workflows": lambda text, _: jobs_of({"ci.yml": text}),
    "record": lambda text, _: record_in(text),
    "version": lambda text, _: (read_version(text), parse_wanted(text, prefix="v")),
    "overrides": lambda text, _: parse_overrides([text]),
    "manifest": manifest,
    "answer": waits,
    "address": secrets_stay,
    "print": prints,
}
_ACTING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_OF_PARSERS = ("json", "yaml", "date")


def mutated(pick: random.Random) -> str:
    """Return a text that was right once, or never."""
    text = pick.choice((*SEEDS, *WORDS))
    for _ in range(pick.randrange(1, 4)):
        at = pick.randrange(len(text) + 1)
        kind = pick.randrange(5)
        if kind == 0:
            text = text[:at] + pick.choice(WORDS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + pick.randrange(1, 30) :]
        elif kind == 2:
            text = text[:at] + chr(pick.randrange(0x110000)) + text[at + 1 :]
        elif kind == 3:
            text = text[:at] + pick.choice("[]{}\"'=:,&*!#\n") * pick.randrange(1, 300)
        else:
            text = text.replace(pick.choice(("1", "a", '"x"')), pick.choice(WORDS), 1)
    return text


@pytest.mark.parametrize("name", READERS)
def test_no_text_from_outside_is_a_bug(name: str) -> None:
    pick = random.Random(name)  # noqa: S311 - a repeatable one
    for number in range(max(COUNT // len(READERS), 1)):
        text = mutated(pick)
        said = ""
        try:
            READERS[name](text, pick)
        except MonokeelError as error:
            said = f"{error.problem} {error.fix}"
        except ValueError as error:
            if name not in _OF_PARSERS or type(error) is not ValueError:
                raise AssertionError((number, text)) from error

        assert SECRET not in said, (number, text)
