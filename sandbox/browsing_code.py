"""The pages of what was built: code, releases, rules, deployments."""

from collections.abc import Mapping
from http import HTTPStatus

from sandbox.browsing import at, home, link
from sandbox.exchange import Outgoing
from sandbox.html import Cell, Link, facts, page, section, table, text
from sandbox.records import Release, Ruleset
from sandbox.state import State
from sandbox.wire import Json, JsonObject, list_of, object_of, objects, text_of, texts


@at("/?|/tree/(?P<branch>.+)")
def _repository(state: State, found: Mapping[str, str]) -> Outgoing | None:
    branch = found["branch"] or state.default_branch
    ref = f"refs/heads/{branch}"
    if found["branch"] and state.git.commit_of(ref) is None:
        return None
    names = ("releases", "rules", "deployments", "pulls", "issues", "actions")
    rooms = "".join(f"<li>{link(state, name, name)}</li>" for name in names)
    files = (state.git.ask("ls-tree", "--name-only", ref) or "").splitlines()
    log = (state.git.ask("log", "-10", "--format=%h %s", ref) or "").splitlines()
    return page(
        state.identity.full_name,
        f"<p>{_clone(state)}</p><ul>{rooms}</ul>",
        section(f"Files of {branch}", table(["Name"], [[name] for name in files])),
        section("Last commits", table(["Commit"], [[line] for line in log])),
    )


def _clone(state: State) -> str:
    return f"Clone it: <code>git clone {state.identity.html}.git</code>"


@at("/releases")
def _releases(state: State, _: Mapping[str, str]) -> Outgoing:
    rows: list[list[Cell]] = [
        [_release_link(state, one), one.name, one.published_at, _kind(one)]
        for one in reversed(state.releases)
        if not one.draft
    ]
    heads = ("Tag", "Title", "Published", "")
    return page("Releases", table(heads, rows), trail=[home(state)])


def _release_link(state: State, release: Release) -> Link:
    return link(state, release.tag, f"releases/tag/{release.tag}")


def _kind(release: Release) -> str:
    words = {"immutable": release.immutable, "prerelease": release.prerelease}
    return ", ".join(word for word, is_so in words.items() if is_so)


@at("/releases/tag/(?P<tag>.+)|/releases/latest")
def _release(state: State, found: Mapping[str, str]) -> Outgoing | None:
    published = [one for one in state.releases if not one.draft]
    named = [one for one in published if found["tag"] in (None, one.tag)]
    if not named:
        return None
    release = named[-1]
    assets: list[list[Cell]] = [
        [asset.name, len(asset.content)] for asset in release.assets
    ]
    return page(
        release.name or release.tag,
        facts(
            [
                ("Tag", release.tag),
                ("Commit", state.git.commit_of(f"refs/tags/{release.tag}")),
                ("Published", release.published_at),
                ("By", release.author.login),
                ("Is", _kind(release)),
            ]
        ),
        text(release.body),
        section("Files", table(["Name", "Bytes"], assets)),
        trail=[home(state), link(state, "releases", "releases")],
    )


@at("/rules|/settings/rules")
def _rulesets(state: State, _: Mapping[str, str]) -> Outgoing:
    rows: list[list[Cell]] = [
        [
            link(state, text_of(one.body, "name"), f"rules/{one.id}"),
            text_of(one.body, "target", "branch"),
            text_of(one.body, "enforcement"),
        ]
        for one in state.rulesets
    ]
    return page("Rulesets", table(["Name", "Target", "Is"], rows), trail=[home(state)])


@at("/(settings/)?rules/(?P<number>[0-9]+)")
def _ruleset(state: State, found: Mapping[str, str]) -> Outgoing | None:
    for ruleset in state.rulesets:
        if str(ruleset.id) == found["number"]:
            return _ruleset_page(state, ruleset)
    return None


def _ruleset_page(state: State, ruleset: Ruleset) -> Outgoing:
    """Return a ruleset; who may pass it is for administrators, and not here."""
    body = ruleset.body
    names = object_of(object_of(body, "conditions"), "ref_name")
    rules: list[list[Cell]] = [
        [text_of(rule, "type"), _parameters(object_of(rule, "parameters"))]
        for rule in objects(list_of(body, "rules"))
    ]
    return page(
        text_of(body, "name"),
        facts(
            [
                ("Target", text_of(body, "target", "branch")),
                ("Is", text_of(body, "enforcement")),
                ("Speaks about", ", ".join(texts(list_of(names, "include")))),
                ("Leaves out", ", ".join(texts(list_of(names, "exclude")))),
            ]
        ),
        section("Rules", table(["Rule", "With"], rules)),
        trail=[home(state), link(state, "rules", "rules")],
    )


def _parameters(values: JsonObject) -> str:
    return ", ".join(f"{name}: {_brief(value)}" for name, value in values.items())


def _brief(value: Json) -> str:
    if isinstance(value, dict):
        return "(" + _parameters(value) + ")"
    if isinstance(value, list):
        return ", ".join(_brief(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@at("/deployments(/.*)?|/settings/environments(/.*)?")
def _deployments(state: State, _: Mapping[str, str]) -> Outgoing:
    environments: list[list[Cell]] = [
        [one.name, len(one.reviewers), ", ".join(str(p["name"]) for p in one.policies)]
        for one in state.environments.values()
    ]
    records: list[list[Cell]] = [
        [
            text_of(one.body, "environment"),
            one.sha[:7],
            one.statuses[-1].state if one.statuses else "no status",
            one.creator.login,
            one.created_at,
        ]
        for one in reversed(state.deployments)
    ]
    heads = ("Environment", "Commit", "State", "By", "When")
    return page(
        "Deployments",
        section("Records", table(heads, records)),
        section(
            "Environments",
            table(["Name", "Reviewers", "Branches and tags"], environments),
        ),
        trail=[home(state)],
    )


@at("/releases/download/(?P<tag>[^/]+)/(?P<name>[^/]+)")
def _asset(state: State, found: Mapping[str, str]) -> Outgoing | None:
    for release in state.releases:
        for asset in release.assets:
            same = (release.tag, asset.name) == (found["tag"], found["name"])
            if same and not release.draft and asset.state == "uploaded":
                headers = {
                    "Content-Type": "application/octet-stream",
                    "X-Content-Type-Options": "nosniff",
                }
                return Outgoing(
                    status=HTTPStatus.OK, body=asset.content, headers=headers
                )
    return None


@at("/commit/(?P<sha>[0-9a-f]{7,40})")
def _commit(state: State, found: Mapping[str, str]) -> Outgoing | None:
    sha = state.git.named_commit(found["sha"])
    if sha is None:
        return None
    commit = state.git.commit(sha)
    return page(
        commit.message.partition("\n")[0],
        facts([("Commit", sha), ("By", commit.author[0]), ("At", commit.author[2])]),
        text(commit.message),
        text(state.git.git("show", "--stat", "--format=", sha)),
        trail=[home(state)],
    )


@at("/commits(/(?P<ref>.+))?")
def _commits(state: State, found: Mapping[str, str]) -> Outgoing | None:
    sha = state.git.named_commit(found["ref"] or state.default_branch)
    if sha is None:
        return None
    lines = state.git.git("log", "-30", "--format=%H %s", sha).splitlines()
    rows: list[list[Cell]] = [
        [link(state, line[:7], f"commit/{line[:40]}"), line[41:]] for line in lines
    ]
    return page("Commits", table(["Commit", "Title"], rows), trail=[home(state)])


@at("/blob/(?P<place>.+)")
def _file(state: State, found: Mapping[str, str]) -> Outgoing | None:
    """Show a file; a branch may have slashes, so each cut of the path is tried."""
    parts = found["place"].split("/")
    for count in range(1, len(parts)):
        ref, path = "/".join(parts[:count]), "/".join(parts[count:])
        sha = state.git.named_commit(ref)
        words = state.git.ask("cat-file", "blob", f"{sha}:{path}") if sha else None
        if words is not None:
            return page(path, text(words), trail=[home(state)])
    return None


@at("/pkgs/container/(?P<name>.+)")
def _package(state: State, found: Mapping[str, str]) -> Outgoing | None:
    image = f"{state.identity.owner.lower()}/{found['name']}"
    versions = state.images().get(image)
    if versions is None or not state.image_is_public(image):
        return None
    rows: list[list[Cell]] = [[", ".join(v), digest] for digest, v in versions.items()]
    return page(found["name"], table(["Tags", "Digest"], rows), trail=[home(state)])


@at("/settings(/.*)?")
def _settings(state: State, _: Mapping[str, str]) -> Outgoing:
    words = "Settings are changed over the API here, with gh or curl."
    return page("Settings", f"<p>{words}</p>", trail=[home(state)])
