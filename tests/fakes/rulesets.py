"""A repository's rulesets in memory, as GitHub would keep them."""

import copy
from collections.abc import Mapping

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.policy.ports import Refusal, Version
from monokeel.policy.rulesets import Ruleset, read_live, rules_of
from tests.fakes.faults import Faults

NO_ID = ("DeployKey", "OrganizationAdmin")


class FakeRulesets:
    """Keeps bodies by id; *faults* may kill, lose an answer or let others in."""

    repository = "acme/shop"

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bodies: dict[int, dict[str, Json]] = {}
        self.versions: dict[int, list[dict[str, Json]]] = {}
        self.hides_bypass = False
        self.without_effect = False
        self.silent = False
        self.archived = False
        self.not_on_plan: tuple[str, ...] = ()
        self.parents: tuple[str, ...] = ()
        self.editor = 1
        self.no_history = False
        self.of_a_person = False
        self._editors: dict[int, list[int]] = {}
        self._clock = 0

    def add(self, body: Mapping[str, Json]) -> int:
        """Put a ruleset there without asking anybody; names may be twice."""
        number = 100 + len(self.versions)
        self.versions[number] = []
        self._keep(number, body)
        return number

    def edit(self, number: int, **members: Json) -> None:
        """Let somebody else change a ruleset."""
        self._keep(number, {**self.bodies[number], **members})

    def names(self) -> list[str]:
        return [str(body["name"]) for body in self.bodies.values()]

    def read_all(self) -> tuple[tuple[Ruleset, ...], tuple[str, ...]]:
        self._ask()
        return tuple(self.read(number) for number in self.bodies), self.parents

    def named(self, name: str) -> tuple[int, ...]:
        self._ask()
        return tuple(n for n, body in self.bodies.items() if body["name"] == name)

    def read(self, number: int) -> Ruleset:
        self._ask()
        if number not in self.bodies:
            raise ServiceError(f"GitHub answered 404 to ruleset {number}")
        body = copy.deepcopy(self.bodies[number])
        if self.hides_bypass:
            del body["bypass_actors"]
        return read_live(body)

    def write(self, body: Mapping[str, Json] | None, number: int = 0) -> int | Refusal:
        if body is None:
            with self.faults.write(f"delete {self.bodies[number]['name']}"):
                del self.bodies[number]
            return number
        if not number:
            self.faults.read()
        refused = self._refused(body)
        if refused is not None:
            return refused
        if not number and body["name"] in self.names():
            return Refusal(status=422, words="Validation Failed: Name must be unique")
        with self.faults.write(f"{'update' if number else 'create'} {body['name']}"):
            if not number:
                return self.add(body)
            if not self.without_effect:
                self._keep(number, {**self.bodies[number], **body})
        return number

    def history(self, number: int) -> tuple[Version, ...]:
        self._ask()
        if self.hides_bypass or self.no_history:
            raise ServiceError("GitHub answered 403 to the history")
        editors = self._editors[number]
        return tuple(
            Version(
                id=n,
                updated_at=f"2026-01-{n:02}",
                actor_id=editors[n - 1],
                actor_type="User",
            )
            for n in range(len(editors), 0, -1)
        )

    def state_at(self, number: int, version: int) -> dict[str, Json]:
        return self.versions[number][version - 1]

    def name_of(self, kind: str, number: int) -> str | None:
        """Name people, one team and one App; a secret team stays a number."""
        if kind == "Integration":
            return {424242: "monokeel"}.get(number, "")
        people = {1: "ben", 7: "gus", 1001: "ada"}
        return {"User": people, "Team": {9: "platform"}}[kind].get(number)

    def owner_is_person(self) -> bool:
        return self.of_a_person

    def _ask(self) -> None:
        self.faults.read()
        if self.silent:
            raise ServiceError("GitHub answered 500 to GET /rulesets")

    def _keep(self, number: int, body: Mapping[str, Json]) -> None:
        self._clock += 1
        kept = copy.deepcopy(dict(body)) | {
            "id": number,
            "source_type": "Repository",
            "updated_at": f"2026-01-01T00:00:{self._clock:02}Z",
        }
        kept.setdefault("bypass_actors", [])
        actors = kept["bypass_actors"]
        assert isinstance(actors, list)
        for actor in actors:
            assert isinstance(actor, dict)
            if actor["actor_type"] in NO_ID:
                actor["actor_id"] = None
        self.bodies[number] = kept
        self.versions[number].append(copy.deepcopy(kept))
        self._editors.setdefault(number, []).append(self.editor)

    def _refused(self, body: Mapping[str, Json]) -> Refusal | None:
        if self.archived:
            return Refusal(status=403, words="Repository was archived so is read-only.")
        for rule in rules_of(body):
            if rule["type"] in self.not_on_plan:
                words = f"Validation Failed: Invalid rule '{rule['type']}':"
                return Refusal(status=422, words=words)
        return None
