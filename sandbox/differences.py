"""Where GitHub's OpenAPI description is silent or wrong, with the source of each line.

A reviewed table: add a line only with a source, and write "assumed" where there is
none. Bodies of these answers are checked against ERROR_SHAPE instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.schemas import Schema

# What an error of GitHub's REST API looks like. ``status`` came about mid-2024, and
# only the schema ``basic-error`` names it; ``errors`` holds objects or strings.
ERROR_SHAPE: Schema = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string"},
        "documentation_url": {"type": "string"},
        "status": {"type": "string", "pattern": "^[45][0-9][0-9]$"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        },
    },
    "additionalProperties": False,
}

# Any operation can be refused or fail in these ways, described or not: 404 alone is
# missing in half of the operations of the cut.
EVERYWHERE = frozenset({401, 403, 404, 429, 500, 502, 503})

# A renamed repository answers with a redirect, described or not (GitHub docs, "Best
# practices for using the REST API", follow redirects).
REDIRECTS = frozenset({301, 307})

# GitHub's front page for its own failures is HTML: "Unicorn!" (hub4j recordings 2024).
HTML_FAILURES = frozenset({500, 502, 503})

# (operation, status) -> source of the fact that GitHub answers so, with a body.
_OWN_TEXT = "reports with full bodies: otterdog#473, otterdog#483, otterdog#490"
ERRORS: dict[tuple[str, int], str] = {
    ("git/get-ref", 404): "rest-api-description#715",
    ("git/delete-ref", 422): "lock-action#255 (2025), github/lock#48",
    ("repos/list-releases", 422): "iree#16506, hub#2920",
    ("repos/get-release", 404): "hub4j GHReleaseTest 2021",
    ("repos/get-environment", 404): "PyGithub testDeleteEnvironment 2022",
    (
        "repos/upload-release-asset",
        422,
    ): "github-release-resource#151",
    ("repos/update-release", 422): "openzim-mcp#215; ospo-reusable-workflows#83",
    ("repos/delete-release", 422): "as delete-release-asset; assumed",
    ("repos/delete-release-asset", 422): "measured by public projects, 2026",
    ("repos/update-release-asset", 422): "as delete-release-asset; assumed",
    ("repos/check-immutable-releases", 404): "body or none; assumed",
    ("repos/create-repo-ruleset", 422): _OWN_TEXT,
    ("repos/update-repo-ruleset", 422): _OWN_TEXT,
    ("repos/create-deployment", 409): "vortex#1903 (2025, full body)",
    ("repos/create-deployment-branch-policy", 404): "as get-environment; assumed",
    ("repos/create-or-update-environment", 422): "backstage#28977 (2025)",
    ("actions/get-repo-variable", 404): "hub4j testDeleteRepoActionVariable",
    ("actions/create-repo-variable", 409): "nexthink-oss/terraform-provider-github#12",
    ("actions/create-environment-variable", 409): "as create-repo-variable; assumed",
    ("actions/create-workflow-dispatch", 422): "PyGithub testCreateDispatchException",
    ("checks/create", 422): "hub4j GHCheckRunBuilderTest 2020",
    ("repos/create-commit-status", 422): "as checks/create, unknown commit; assumed",
    # A oneOf of two open schemas, and every error fits both.
    ("repos/create-or-update-file-contents", 409): "observed in the description",
    ("repos/get-branch", 409): "empty repository, as git/get-ref; assumed",
}

# operation -> a property of a good answer that no schema names (and that a client may
# send back), and the source.
_UNATTRIBUTED = "require_extra_approval_for_unattributed_changes"
EXTRA_PROPERTIES: dict[str, tuple[str, str]] = {
    # Seen on get-repo-ruleset: wurk#488, dure#43. On the others assumed.
    "repos/get-repo-ruleset": (_UNATTRIBUTED, "wurk#488, dure#43"),
    "repos/create-repo-ruleset": (_UNATTRIBUTED, "as get-repo-ruleset; assumed"),
    "repos/update-repo-ruleset": (_UNATTRIBUTED, "as get-repo-ruleset; assumed"),
    "repos/get-repo-ruleset-version": (_UNATTRIBUTED, "as above; assumed"),
    "repos/get-org-ruleset": (_UNATTRIBUTED, "as above; assumed"),
    "meta/get": ("installed_version", "docs of GitHub Enterprise Server, REST: meta"),
    "repos/get-branch-rules": (_UNATTRIBUTED, "as above; assumed"),
}

# operation -> media types that the prose of its description names, but no schema.
MEDIA_TYPES: dict[str, frozenset[str]] = {
    "pulls/get": frozenset(
        {"application/vnd.github.v3.diff", "application/vnd.github.v3.patch"}
    ),
    "repos/get-release-asset": frozenset({"application/octet-stream"}),
    "repos/get-content": frozenset(
        {"application/vnd.github.raw", "application/vnd.github.raw+json"}
    ),
}

# The greatest page that an operation gives, where it is not 100 (prose as well).
PAGE_LIMITS: dict[str, int] = {
    "actions/list-repo-variables": 30,
    "actions/list-environment-variables": 30,
}
PAGE_LIMIT = 100
