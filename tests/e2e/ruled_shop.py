"""A repository on the sandbox with rulesets in its file, and hands that tamper."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monokeel.ground.answers import Json
from sandbox.server import Sandbox
from tests.e2e.live_shop import ROOT, Done, LiveShop

RULESETS = "infra/rulesets.json"
ADMIN: Json = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
# Live GitHub adds it on reading, and a write echoes it (wurk#488): the description
# does not know it.
_ECHOED = "require_extra_approval_for_unattributed_changes"


class Ruled(LiveShop):
    """A shop with this repository's own rulesets in its file.

    *beyond* are parts of findings about what GitHub does and its description lacks.
    """

    beyond: tuple[str, ...] = (_ECHOED,)

    def __init__(self, box: Sandbox, folder: Path) -> None:
        super().__init__(box, folder)
        shutil.copytree(ROOT / ".github/workflows", folder / ".github/workflows")
        shutil.copy(ROOT / RULESETS, folder / RULESETS)
        policy = folder / "infra/platform.toml"
        optional = '[policy]\noptional_rules = ["branch_name_pattern"]\n'
        policy.write_text(policy.read_text() + optional, encoding="utf-8")

    def connect(self) -> None:
        """Set all up as init does, the secrets as a person does; apply the rules."""
        key = str(self.folder.parent / "key")
        self.inv("init", "--key-file", key, "--register-key", "--no-rules")
        for name in ("release", "dev", "staging", "prod"):
            secrets = self.box.state.environments[name].secrets
            secrets["MONOKEEL_DEPLOY_KEY"] = self.box.state.now()
        assert self.inv("policy.apply").code == 0

    def keeps_the_contract(self) -> None:
        """Assert that GitHub would have taken all, and answered so."""
        found = self.box.violations()
        assert [x for x in found if not any(y in x for y in self.beyond)] == []

    @property
    def bodies(self) -> dict[str, dict[str, Json]]:
        """What the file asks for, by name."""
        text = (self.folder / RULESETS).read_text(encoding="utf-8")
        return {body["name"]: body for body in json.loads(text)}

    def live(self, name: str) -> dict[str, Json]:
        """The ruleset *name* as an administrator reads it."""
        for each in self.github.pages("/rulesets"):
            if each["name"] == name:
                body = self.github.request("GET", f"/rulesets/{each['id']}").json()
                assert isinstance(body, dict)
                return body
        raise AssertionError(name)

    def tamper(self, name: str, **members: Json) -> None:
        """Change a ruleset as somebody with a mouse does."""
        path = f"/rulesets/{self.live(name)['id']}"
        self.github.request("PUT", path, json=members)


@contextmanager
def ruled_shop(folder: Path) -> Iterator[Ruled]:
    """Give a shop on a sandbox of its own; at the end the contract must hold."""
    with Sandbox() as box:
        shop = Ruled(box, folder)
        yield shop
        shop.keeps_the_contract()


def report_of(done: Done) -> dict[str, Json]:
    report = json.loads(done.out)
    assert isinstance(report, dict)
    return report
