"""A repository that init has not connected yet: clone, GitHub and key in one fake."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monokeel.ground.answers import Declined, Json, Lost, Moved, as_list, as_object
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.settings import TAKEN_ENVIRONMENTS, parse_settings
from monokeel.ground.words import stamp
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.environments import CHOSEN_BRANCHES
from monokeel.setup.ports import Connection
from monokeel.setup.writer import DeployKey
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unasked import UnaskedClone

SETTINGS = parse_settings("""
[repository]
owner = "acme"
name = "shop"
[release]
[registry]
[policy]
[[environments]]
name = "dev"
[[environments]]
name = "prod"
reviewers = true
""")
RULES = """[{"name": "tags", "target": "tag", "enforcement": "active",
"bypass_actors": [
  {"actor_id": null, "actor_type": "DeployKey", "bypass_mode": "always"}],
"conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
"rules": [{"type": "creation"}]}]"""
POLICY = parse_policy(RULES)
COMMIT, BEFORE, FOREIGN = (letter * 40 for letter in "abf")
START = datetime(2026, 1, 1, tzinfo=UTC)
_NO_KEYS = "GitHub answered 422: Deploy keys are disabled for this repository"
_NO_GATE = (
    "GitHub answered 422: please ensure billing plan include protected branch gate"
)
_NO_REVIEWERS = "GitHub answered 422: supports the required reviewers protection rule"


def a_key(**changes: object) -> DeployKey:
    key = DeployKey(
        id=3,
        title="monokeel",
        key="ssh-ed25519 QUJD",
        writes=True,
        enabled=True,
        created_at=START,
    )
    return replace(key, **changes)  # type: ignore[arg-type]


def as_listed(key: DeployKey) -> dict[str, Json]:
    """Return *key* as GitHub lists it."""
    return {
        "id": key.id,
        "title": key.title,
        "key": key.key,
        "read_only": not key.writes,
        "enabled": key.enabled,
        "created_at": stamp(key.created_at),
        "added_by": key.added_by or None,
        "last_used": stamp(key.last_used) if key.last_used else None,
    }


class CrashError(Exception):
    """The process is killed here."""


@dataclass
class World(UnaskedClone):
    """All that stands on GitHub and on the machine; *fuse* writes, then a crash.

    *hidden* are the questions that the token may not ask, *forbidden* what this plan or
    organization refuses: ``keys``, ``policies``, ``reviewers``.
    """

    remote: str | None = "https://github.com/acme/shop.git"
    refs: dict[str, str] = field(default_factory=dict)
    keys: list[DeployKey] = field(default_factory=list)
    local_key: str | None = None
    made_keys: int = 0
    environments: dict[str, dict[str, Json]] = field(default_factory=dict)
    policies: dict[str, list[str]] = field(default_factory=dict)
    secret_times: dict[str, datetime] = field(default_factory=dict)
    settings: dict[str, Json] = field(
        default_factory=lambda: {
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "delete_branch_on_merge": True,
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
        }
    )
    locked: bool = False
    classic: bool = False
    actions: Mapping[str, Json] = field(
        default_factory=lambda: {"enabled": True, "allowed_actions": "all"}
    )
    workflows: str = "read"
    approves: bool = False
    default_branch: str = "main"
    rulesets: FakeRulesets = field(default_factory=FakeRulesets)
    wanted_rules: tuple[Mapping[str, Json], ...] = ()
    admin: bool = True
    days: int = 1
    scopes: tuple[str, ...] | None = None
    people: tuple[str, ...] = ("ann", "ben")
    kind: str = "fine-grained token"
    stores: bool = False
    user: int | None = 7
    hidden: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    push_refused: str = ""
    silent: bool = False
    fuse: int | None = None
    writes: int = 0

    @property
    def outside(self) -> Connection:
        return Connection(
            settings=SETTINGS,
            policy=POLICY,
            repository=self,
            rulesets=self.rulesets,
            clone=self,
            keys=self,
            set_secret=self.set_secret if self.stores else None,
            apply_rules=self.apply_rules,
            token_kind=self.kind,
        )

    def wrote(self) -> None:
        self.writes += 1
        if self.writes == self.fuse:
            raise CrashError

    def _seen(self, what: str) -> None:
        """Raise ServiceError where the token may not ask, or nobody answers."""
        if self.silent:
            raise ServiceError(f"GitHub answered 502 to {what}")
        if what in self.hidden or not self.admin:
            raise ServiceError(f"GitHub answered 403 to {what}", hidden=True)

    # The clone: BEFORE, then COMMIT; FOREIGN has nothing in common with them
    def written_address(self) -> str | None:
        return self.remote

    def is_shallow(self) -> bool:
        return False

    def commit_of(self, ref: str) -> str | None:
        return COMMIT if ref == "refs/heads/main" else None

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return (ancestor, commit) == (BEFORE, COMMIT) or ancestor == commit

    def tree_of(self, commit: str, path: str) -> str | None:
        return COMMIT if commit == "HEAD" and path else None

    def fetch_commit(self, commit: str) -> None:
        assert commit in self.refs.values()

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        return {r: c for r, c in self.refs.items() if r.startswith(tuple(prefixes))}

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        if self.push_refused:
            return Declined(reason=self.push_refused)
        if self.refs.get(ref) != old or new is None:
            return Lost(now=self.refs.get(ref))
        self.refs[ref] = new
        self.wrote()
        return Moved(now=new, changed=True)

    # GitHub

    def read(self, path: str) -> dict[str, Json]:
        if path == "/":
            return self.get_repository()
        if path == "//user":
            if self.user is None:
                raise ServiceError("GitHub answered 403 to GET /user", hidden=True)
            return {"id": self.user}
        if path.endswith("/workflow"):
            return self.workflow_rights()
        self._seen("actions policy")
        if path.endswith("/selected-actions"):
            return as_object(self.actions["selected"])
        assert path == "/actions/permissions"
        return {k: each for k, each in self.actions.items() if k != "selected"}

    def listed(self, path: str, key: str = "") -> list[dict[str, Json]]:
        name = path.removeprefix("/environments/").partition("/")[0]
        wrapped = path.rpartition("/")[2].removeprefix("deployment-").replace("-", "_")
        assert key == ("" if path in ("/keys", "/collaborators") else wrapped)
        if path == "/keys":
            return [as_listed(each) for each in self.deploy_keys()]
        if path == "/collaborators":
            self._seen("collaborators")
            return [{"permissions": {"push": True}} for _ in self.people]
        if key == "branch_policies":
            kinds = (each.rpartition(" ") for each in self.branch_policies(name))
            return [{"name": ref, "type": kind or "branch"} for kind, _, ref in kinds]
        moments = self.secrets("" if path == "/actions/secrets" else name)
        return [{"name": k, "updated_at": stamp(at)} for k, at in moments.items()]

    def write(self, call: str, body: Mapping[str, Json] | None = None) -> None:
        method, _, path = call.partition(" ")
        name, _, rest = path.removeprefix("/environments/").partition("/")
        wanted = body or {}
        if call == "PATCH /":
            self.settings |= wanted
            self.wrote()
        elif call == "PUT /immutable-releases":
            self.locked = True
            self.wrote()
        elif call == "PUT /actions/permissions/workflow":
            assert set(wanted) == set(self.workflow_rights())
            if "workflows" in self.forbidden:
                raise RefusedError("GitHub answered 409: the organization decides")
            self.workflows, self.approves = "read", False
            self.wrote()
        elif call == "POST /keys":
            assert wanted["read_only"] is False
            self.create_deploy_key(str(wanted["title"]), str(wanted["key"]))
        elif rest:
            assert (method, rest) == ("POST", "deployment-branch-policies")
            assert wanted["type"] == "branch"
            self.add_branch_policy(name, str(wanted["name"]))
        else:
            assert call == f"PUT /environments/{name}"
            self.put_environment(name, wanted)

    def get_repository(self) -> dict[str, Json]:
        may: Json = {"admin": self.admin, "pull": True}
        seen = {"permissions": may, "default_branch": self.default_branch}
        hidden = self.silent or "settings" in self.hidden or not self.admin
        return seen if hidden else {**seen, **self.settings}

    def now(self) -> datetime:
        return START + timedelta(days=self.days)

    def token_scopes(self) -> tuple[str, ...] | None:
        return self.scopes

    def workflow_rights(self) -> dict[str, Json]:
        rights: dict[str, Json] = {
            "default_workflow_permissions": self.workflows,
            "can_approve_pull_request_reviews": self.approves,
        }
        self._seen("workflow rights")
        return rights

    def deploy_keys(self) -> tuple[DeployKey, ...]:
        self._seen("keys")
        return tuple(self.keys)

    def create_deploy_key(self, title: str, key: str) -> None:
        if "keys" in self.forbidden:
            raise RefusedError(_NO_KEYS)
        if any(each.key == key for each in self.keys):
            raise RefusedError("key is already in use")
        self.keys.append(
            DeployKey(
                id=len(self.keys) + 1,
                title=title,
                key=key,
                writes=True,
                enabled=True,
                created_at=START + timedelta(hours=self.made_keys),
            )
        )
        self.wrote()

    def environment(self, name: str) -> dict[str, Json] | None:
        self._seen("environments")
        return self.environments.get(name)

    def put_environment(self, name: str, body: Mapping[str, Json]) -> dict[str, Json]:
        reviewers = as_list(body.get("reviewers") or [])
        if "policies" in self.forbidden and body.get("deployment_branch_policy"):
            raise RefusedError(_NO_GATE)
        if reviewers and "reviewers" in self.forbidden:
            raise RefusedError(_NO_REVIEWERS)
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

    def branch_policies(self, environment: str) -> tuple[str, ...]:
        self._seen("environments")
        return tuple(self.policies.get(environment, []))

    def add_branch_policy(self, environment: str, pattern: str) -> None:
        self.policies.setdefault(environment, []).append(pattern)
        self.wrote()

    def secrets(self, environment: str) -> dict[str, datetime]:
        self._seen("secrets")
        if environment and environment not in self.environments:
            raise ServiceError("GitHub answered 404", hidden=True)
        moment = self.secret_times.get(environment)
        return {"MONOKEEL_DEPLOY_KEY": moment} if moment else {}

    def set_secret(self, name: str, environment: str) -> None:
        assert (name, self.local_key is None) == ("MONOKEEL_DEPLOY_KEY", False)
        if environment not in self.environments:
            raise RefusedError("gh could not set MONOKEEL_DEPLOY_KEY: HTTP 404")
        self.secret_times[environment] = START + timedelta(days=self.writes)
        self.wrote()

    def immutable_releases(self) -> bool:
        self._seen("immutable releases")
        return self.locked

    def classic_protection(self, branch: str) -> bool:
        self._seen("protection")
        return self.classic and branch == "main"

    @property
    def rules(self) -> list[str]:
        return [each.name for each in self.rulesets.read_all()[0]]

    def apply_rules(self) -> None:
        for body in self.wanted_rules:
            self.rulesets.write(body)
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


def connected(environments: Mapping[str, bool]) -> World:
    """Return a world as init leaves it, with its secrets set.

    *environments* has name → does it ask a reviewer.
    """
    guarded = (*TAKEN_ENVIRONMENTS, *environments)
    world = World(locked=True)
    world.settings |= {
        "squash_merge_commit_title": "PR_TITLE",
        "squash_merge_commit_message": "PR_BODY",
        "delete_branch_on_merge": False,
    }
    world.create_deploy_key("monokeel", "ssh-ed25519 QUJD")
    for name in guarded:
        reviewers: Json = [{"id": 7}] if environments.get(name) else []
        branches = dict(CHOSEN_BRANCHES)
        world.put_environment(
            name, {"deployment_branch_policy": branches, "reviewers": reviewers}
        )
        world.add_branch_policy(name, "main")
        world.secret_times[name] = START + timedelta(days=1)
    return world
