"""What GraphQL sees of people, labels, releases and rulesets."""

from sandbox import shapes
from sandbox.actors import Actor
from sandbox.graphql_run import Arguments, Node, Value, connection
from sandbox.labels import Label
from sandbox.records import Release, Ruleset, latest_of
from sandbox.state import State
from sandbox.wire import list_of, text_of


def actor_node(state: State, actor: Actor) -> Node:
    """Return a person or an App's bot."""
    kind = "Bot" if actor.is_app else "User"
    login = actor.login or "ghost"
    return Node(
        kind,
        {
            "id": shapes.node_id(kind, actor.id),
            "databaseId": actor.id,
            "login": login,
            "name": login.capitalize(),
            "email": "",
            "url": f"{state.identity.base}/{login}",
            "avatarUrl": f"{state.identity.base}/avatars/{actor.id}",
        },
        kinds=("Actor", "RequestedReviewer", "Assignee"),
    )


def owner_node(state: State) -> Node:
    """Return the owner of the repository."""
    login = state.identity.owner
    return Node(
        state.owner_type,
        {
            "id": shapes.node_id("Owner", 1),
            "databaseId": 1,
            "login": login,
            "name": login,
            "url": f"{state.identity.base}/{login}",
        },
        kinds=("Actor", "RepositoryOwner", "ProfileOwner"),
    )


def label_node(label: Label) -> Node:
    """Return a label."""
    return Node(
        "Label",
        {
            "id": shapes.node_id("Label", label.name),
            "name": label.name,
            "color": label.color,
            "description": label.description,
            "isDefault": label.default,
            "createdAt": "2026-01-01T00:00:00Z",
        },
    )


def visible_releases(state: State, actor: Actor) -> list[Release]:
    """Return the releases that *actor* sees, newest first."""
    return [
        release
        for release in reversed(state.releases)
        if not release.draft or actor.may("contents:write")
    ]


def release_node(state: State, release: Release) -> Node:
    """Return a release."""
    page = f"{state.identity.html}/releases/tag/{release.tag}"
    return Node(
        "Release",
        {
            "id": shapes.node_id("Release", release.id),
            "databaseId": release.id,
            "name": release.name or "",
            "tagName": release.tag,
            "url": page,
            "description": release.body,
            "isDraft": release.draft,
            "immutable": release.immutable,
            "isLatest": release is latest_of(state.releases),
            "isPrerelease": release.prerelease,
            "createdAt": release.created_at,
            "publishedAt": release.published_at,
            "author": actor_node(state, release.author),
        },
    )


def releases_field(state: State, actor: Actor) -> Value:
    """Return the field that pages the releases."""
    found = visible_releases(state, actor)
    nodes = [release_node(state, one) for one in found]
    return connection("Release", nodes)


def release_field(state: State, actor: Actor) -> Value:
    """Return the field that finds a release, drafts too, by its tag."""

    def by_tag(arguments: Arguments) -> Value:
        for release in visible_releases(state, actor)[::-1]:
            if release.tag == arguments.get("tagName"):
                return release_node(state, release)
        return None

    return by_tag


def ruleset_node(state: State, ruleset: Ruleset) -> Node:
    """Return a ruleset as lists of gh show it."""
    source = Node("Repository", {"nameWithOwner": state.identity.full_name})
    if ruleset.source_type != "Repository":
        source = owner_node(state)
    count = len(list_of(ruleset.body, "rules"))
    rules = Node("RepositoryRuleConnection", {"totalCount": count})
    return Node(
        "RepositoryRuleset",
        {
            "id": shapes.node_id("RepositoryRuleset", ruleset.id),
            "databaseId": ruleset.id,
            "name": text_of(ruleset.body, "name"),
            "target": text_of(ruleset.body, "target", "branch").upper(),
            "enforcement": text_of(ruleset.body, "enforcement").upper(),
            "source": source,
            "rules": lambda _: rules,
        },
    )
