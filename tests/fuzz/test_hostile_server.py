"""Whatever answers as GitHub and registry: one line, a known code, no write.

A few runs by default; ``nox -s fuzz`` makes 1,000 (FUZZ_RUNS). A failing run is
repeated by its seed.
"""

import os
import re
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from sandbox.server import Sandbox
from tests import warm
from tests.e2e.live_shop import ROOT, LiveShop
from tests.fuzz.hostile import hostile

KEY = "a-key-nobody-may-see"

RUNS = int(os.environ.get("FUZZ_RUNS") or "16")
READS = (
    ("status",),
    ("history", "--env", "dev"),
    ("drift",),
    ("guard", "--version", "1.1.0"),
    ("policy.plan",),
    ("policy.export",),
    ("doctor",),
    ("release", "--dry-run", "--online"),
    ("promote", "--env", "staging", "--version", "1.0.0", "--dry-run"),
    ("promote", "--env", "dev", "--rollback", "--reason", "x", "--dry-run"),
    ("init", "--dry-run"),
)
_MEMORY = 2 << 30
_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    folder: Path = tmp_path_factory.mktemp("hostile") / "shop"
    with Sandbox() as box:
        live = LiveShop(box, folder)
        rules = (ROOT / "infra/rulesets.json").read_text(encoding="utf-8")
        (folder / "infra/rulesets.json").write_text(rules, encoding="utf-8")
        live.release("1.0.0")
        live.git("fetch", "--quiet", "--tags")
        moved = live.inv("promote", "--env", "dev", "--version", "1.0.0")
        assert moved.code == 0, moved.err
        yield live


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def live(shop: LiveShop) -> tuple[object, ...]:
    state = shop.box.state
    return (
        [repr(each) for each in state.rulesets],
        [repr(each) for each in state.deployments],
        [(each.tag, each.draft) for each in state.releases],
        sorted(state.environments),
        len(state.keys),
        shop.at("dev"),
        repr(state.images()),
    )


def judged(
    shop: LiveShop, task: tuple[str, ...], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run *task* and hold what it says and does to what is promised."""
    before = live(shop)
    done = subprocess.run(
        [warm.program(), "-P", "-m", "monokeel", *task],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        preexec_fn=limit_memory,
        cwd=shop.folder,
        env={
            **shop.environment,
            "GITHUB_ACTIONS": "true",
            "MONOKEEL_DEPLOY_KEY": f"-----BEGIN PRIVATE KEY-----\n{KEY}",
            **variables,
        },
    )
    said = done.stdout + done.stderr
    assert done.returncode in range(5), (task, said)
    assert "Traceback" not in said, (task, said)
    assert "bug in Monokeel" not in said, (task, said)
    assert _ACTING.search(said) is None, (task, said)
    secrets = {*filter(None, shop.box.tokens.values()), KEY}
    assert [secret for secret in secrets if secret in said] == []
    errors = [x for x in done.stderr.splitlines() if x.startswith("error: ")]
    assert len(errors) <= 1, (task, said)
    assert max(map(len, said.splitlines()), default=0) < 20_000
    assert live(shop) == before
    return done


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_hostile_server_gets_one_line_and_no_write(shop: LiveShop, seed: int) -> None:
    task = READS[seed % len(READS)]
    with hostile(shop.box.url, seed, share=(0.05, 0.2, 0.5)[seed % 3]) as server:
        judged(shop, task, GITHUB_API_URL=server.url, MONOKEEL_REGISTRY=server.url)


def test_the_seed_makes_the_answers() -> None:
    with hostile("http://127.0.0.1:9", 7, 1.0) as one:
        first: list[Json] = [repr(one.spoil(200, {}, b'{"a": 1}')) for _ in range(9)]
    with hostile("http://127.0.0.1:9", 7, 1.0) as two:
        again: list[Json] = [repr(two.spoil(200, {}, b'{"a": 1}')) for _ in range(9)]

    assert first == again
