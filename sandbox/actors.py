"""Who calls: tokens and deploy keys, their rights, and what rulesets know them by."""

from dataclasses import dataclass

ACTIONS_APP = 15368  # GitHub Actions, https://api.github.com/apps/github-actions
OWN_APP = 424242
ADMIN_ROLE = 5  # RepositoryRole: 5 admin, 4 write, 2 maintain
WRITE_ROLE = 4

_AREAS = (
    "actions",
    "administration",
    "checks",
    "contents",
    "deployments",
    "environments",
    "issues",
    "packages",
    "pull_requests",
    "secrets",
    "statuses",
    "variables",
    "workflows",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One caller.

    *kind* is ``classic``, ``fine``, ``oauth`` (gh's), ``app``, ``jwt`` (an App that
    proves who it is), ``key`` or ``none``; *rights* are such as
    ``contents:write``; *identities* are the (actor_type, actor_id) of rulesets.
    *repositories* are those that a token of an App is limited to; ``None``: every one
    that the App is installed on.
    """

    name: str
    login: str
    id: int
    kind: str
    rights: frozenset[str] = frozenset()
    identities: frozenset[tuple[str, int | None]] = frozenset()
    repositories: tuple[str, ...] | None = None

    def may(self, right: str) -> bool:
        """Say whether this caller has *right*; write includes read."""
        area, _, level = right.partition(":")
        return right in self.rights or (
            level == "read" and f"{area}:write" in self.rights
        )

    @property
    def is_app(self) -> bool:
        """Say whether this is an App, such as GitHub Actions."""
        return self.kind == "app"

    @property
    def app_id(self) -> int | None:
        """Return the id of the App behind this caller."""
        ids = [number for kind, number in self.identities if kind == "Integration"]
        return ids[0] if ids else None


def _write(*areas: str) -> frozenset[str]:
    return frozenset(f"{area}:write" for area in areas)


_ADA = frozenset(
    {("RepositoryRole", ADMIN_ROLE), ("OrganizationAdmin", None), ("User", 1001)}
)
NOBODY = Actor(name="none", login="", id=0, kind="none")

# Rights of a classic token are those of its person; a workflow's token never has
# `administration` or `workflows` (@actions/workflow-parser 0.3.61).
ACTORS = (
    Actor(
        name="admin",
        login="ada",
        id=1001,
        kind="classic",
        rights=_write(*_AREAS),
        identities=_ADA,
    ),
    Actor(
        name="fine",
        login="ada",
        id=1001,
        kind="fine",
        rights=_write(*_AREAS),
        identities=_ADA,
    ),
    Actor(  # gh's own scopes: repo, read:org, gist (sapling#1299)
        name="gh",
        login="ada",
        id=1001,
        kind="oauth",
        rights=_write(*_AREAS) - _write("packages", "workflows"),
        identities=_ADA,
    ),
    Actor(
        name="reviewer",
        login="kai",
        id=1002,
        kind="classic",
        rights=_write(*_AREAS) - _write("administration", "environments", "secrets"),
        identities=frozenset({("RepositoryRole", WRITE_ROLE), ("User", 1002)}),
    ),
    Actor(
        name="reader",
        login="rio",
        id=1003,
        kind="fine",
        rights=frozenset(
            {"contents:read", "deployments:read", "packages:read", "variables:read"}
        ),
        identities=frozenset({("User", 1003)}),
    ),
    Actor(
        name="actions",
        login="github-actions[bot]",
        id=41898282,
        kind="app",
        rights=_write(
            "actions",
            "checks",
            "contents",
            "deployments",
            "issues",
            "packages",
            "pull_requests",
            "statuses",
        ),
        identities=frozenset({("Integration", ACTIONS_APP)}),
    ),
    Actor(
        name="app",
        login="monokeel[bot]",
        id=1004,
        kind="app",
        rights=_write(*_AREAS),
        identities=frozenset({("Integration", OWN_APP)}),
    ),
)

# The prefixes tell kinds apart (docs "About authentication to GitHub"). What was here
# first has none: clients must live with tokens that say nothing.
TOKENS = {actor.name: f"sandbox-{actor.name}" for actor in ACTORS} | {
    "fine": "github_pat_sandbox_fine",
    "gh": "gho_sandbox_gh",
}


def key_actor(key_id: int, *, read_only: bool) -> Actor:
    """Return the caller behind deploy key *key_id*."""
    return Actor(
        name=f"key:{key_id}",
        login="deploy-key",
        id=key_id,
        kind="key",
        rights=frozenset(
            {"contents:read"} if read_only else {"contents:write", "workflows:write"}
        ),
        identities=frozenset({("DeployKey", None)}),
    )
