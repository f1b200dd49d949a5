"""A shop in production under its rules, with everything in order."""

import json
from dataclasses import replace

from monokeel.drift.ports import Outside
from monokeel.drift.report import DriftReading, read_drift
from monokeel.drift.sections import SECTIONS, Wanted
from monokeel.ground.answers import FileVersion, Json
from monokeel.ground.settings import PolicySettings
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import parse_policy
from tests.fakes.pointers import Shop
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unconnected import connected
from tests.policy.test_policy import MAIN, NAMES, TAGS, in_force


class Place:
    """What drift reads; each part can be spoilt."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.shop.release("1.3.2", "1.4.0")
        for environment in ("prod", "staging"):
            self.shop.place(environment, "1.3.2")
        self.shop.place("dev", "1.4.0")
        self.shop.records.protected["prod"] = True
        self.rulesets: FakeRulesets = in_force(MAIN, TAGS)
        environments = self.shop.settings.environments
        self.repository = connected({e.name: e.reviewers for e in environments})
        self.policy: list[Json] = [MAIN, TAGS, NAMES]
        self.parents: tuple[str, ...] = ()
        self.disagreements: list[Finding] = []
        self.versions: list[FileVersion] = []

    def versions_of(self, path: str, most: int) -> tuple[FileVersion, ...]:
        assert path == "infra/rulesets.json"
        return tuple(self.versions[:most])

    def read(self, *sections: str, allowed: tuple[str, ...] = ()) -> DriftReading:
        wanted = Wanted(
            repository="acme/shop",
            disagreements=tuple(self.disagreements),
            policy=parse_policy(json.dumps(self.policy)),
            settings=replace(
                self.shop.settings,
                policy=PolicySettings(
                    optional_rules=("branch_name_pattern",), parents=self.parents
                ),
            ),
            sections=sections or SECTIONS,
            allowed=allowed,
        )
        outside = Outside(
            versions_of=self.versions_of,
            rulesets=self.rulesets,
            repository=self.repository,
            copy_of=self.shop.copy_of,
            promotion=self.shop.outside,
        )
        return read_drift(wanted, outside)


def drift_in(found: DriftReading, section: str) -> list[str]:
    """Return the drift of *section*, after making sure that no other drifts."""
    assert found.verdict == "drift"
    drifting = [x for x, each in found.facts.items() if each.verdict(()) == "drift"]
    assert drifting == [section]
    return [each.line for each in found.facts[section].drift]
