"""A repository that init has not connected yet: clone, GitHub and key in one fake."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from monokeel.ground.answers import Declined, Json, Lost, Moved, Unknown, as_list
from monokeel.ground.errors import RefusedError

COMMIT = "a" * 40


class CrashError(Exception):
    """The process is killed here."""


@dataclass
class World:
    """All that stands on GitHub and on the machine; *fuse* writes, then a crash."""

    remote: str | None = "https://github.com/acme/shop.git"
    refs: dict[str, str] = field(default_factory=dict)
    keys: list[dict[str, Json]] = field(default_factory=list)
    local_key: str | None = None
    made_keys: int = 0
    environments: dict[str, dict[str, Json]] = field(default_factory=dict)
    policies: dict[str, list[str]] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    locked: bool | Unknown = False
    admin: bool = True
    user: int | None = 7
    reviewers_allowed: bool = True
    fuse: int | None = None
    writes: int = 0

    def wrote(self) -> None:
        self.writes += 1
        if self.fuse is not None and self.writes == self.fuse:
            raise CrashError

    # The clone

    def address(self) -> str | None:
        return self.remote

    def commit_of(self, ref: str) -> str | None:
        return COMMIT if ref == "refs/heads/main" else None

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        return {r: c for r, c in self.refs.items() if r.startswith(tuple(prefixes))}

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        if self.refs.get(ref) != old or new is None:
            return Lost(now=self.refs.get(ref))
        self.refs[ref] = new
        self.wrote()
        return Moved(now=new, changed=True)

    # GitHub

    def get_repository(self) -> dict[str, Json]:
        return {"permissions": {"admin": self.admin, "pull": True}}

    def own_number(self) -> int | None:
        return self.user

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        return self.keys

    def create_deploy_key(self, title: str, key: str) -> dict[str, Json]:
        if any(each["key"] == key for each in self.keys):
            raise RefusedError("key is already in use")
        made: dict[str, Json] = {
            "id": len(self.keys) + 1,
            "title": title,
            "key": key,
            "read_only": False,
        }
        self.keys.append(made)
        self.wrote()
        return made

    def get_environment(self, name: str) -> dict[str, Json] | None:
        return self.environments.get(name)

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        reviewers = as_list(body.get("reviewers") or [])
        if reviewers and not self.reviewers_allowed:
            raise RefusedError("422: the plan has no required reviewers")
        rules: list[Json] = []
        if reviewers:
            rules.append(
                {
                    "type": "required_reviewers",
                    "prevent_self_review": body.get("prevent_self_review") is True,
                    "reviewers": [
                        {"type": "User", "reviewer": {"id": 7}} for _ in reviewers
                    ],
                }
            )
        if body.get("wait_timer"):
            rules.append({"type": "wait_timer", "wait_timer": body["wait_timer"]})
        self.environments[name] = {
            "name": name,
            "protection_rules": rules,
            "deployment_branch_policy": body.get("deployment_branch_policy"),
        }
        self.wrote()
        return self.environments[name]

    def list_branch_policies(self, environment: str) -> list[str]:
        return self.policies.get(environment, [])

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        self.policies.setdefault(environment, []).append(pattern)
        self.wrote()

    def list_environment_secrets(self, environment: str) -> list[str]:
        return self.secrets.get(environment, [])

    def immutable_releases(self) -> bool | Unknown:
        return self.locked

    def enable_immutable_releases(self) -> None:
        self.locked = True
        self.wrote()

    # The machine

    @property
    def file(self) -> str:
        return "/home/ann/.config/monokeel/acme-shop"

    def public_key(self) -> str | None:
        return self.local_key

    def create(self, comment: str) -> str:
        assert comment == "monokeel acme/shop"
        self.made_keys += 1
        self.local_key = f"ssh-ed25519 KEY{self.made_keys}"
        self.wrote()
        return self.local_key
