"""The checker finds what is wrong on either side, and leaves the rest alone."""

import json

import jsonschema
import pytest

from sandbox.contract import Contract
from sandbox.wire import Json

CONTRACT = Contract()
R = "/repos/acme/shop"
JSON = "application/json; charset=utf-8"
SHA = "a" * 40
REF: dict[str, Json] = {
    "ref": "refs/heads/x",
    "node_id": "1",
    "url": "http://127.0.0.1/x",
    "object": {"type": "commit", "sha": SHA, "url": "http://127.0.0.1/x"},
}
NOT_FOUND: Json = {
    "message": "Not Found",
    "documentation_url": "https://docs.github.com/rest",
    "status": "404",
}
RULE: dict[str, Json] = {
    "type": "required_status_checks",
    "parameters": {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": "all-green"}],
    },
}


def ruleset(**changes: Json) -> dict[str, Json]:
    return {
        "name": "main",
        "target": "branch",
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [{"type": "deletion"}, RULE],
        **changes,
    }


def kinds(findings: list[str]) -> list[str]:
    return [finding.partition(":")[0] for finding in findings]


def refused(message: str, status: int, **more: Json) -> Json:
    return {"message": message, "status": str(status), **more}


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", f"{R}/releases/latest", "repos/get-latest-release"),
        ("GET", f"{R}/releases/7", "repos/get-release"),
        ("GET", f"{R}/releases/abc", None),
        ("GET", f"{R}/rulesets/rule-suites", "repos/get-repo-rule-suites"),
        ("GET", f"{R}/branches/env/dev/protection", "repos/get-branch-protection"),
        ("GET", f"{R}/branches/env/dev", "repos/get-branch"),
        ("GET", f"{R}/git/ref/tags/v1.0.0", "git/get-ref"),
        ("HEAD", f"{R}/git/ref/tags/v1.0.0", "git/get-ref"),
        ("GET", f"{R}/commits/tags/v1/status", "repos/get-combined-status-for-ref"),
        ("GET", f"{R}/compare/a/b...c", "repos/compare-commits-with-basehead"),
        ("GET", f"{R}/contents/", "repos/get-content"),
        ("GET", f"{R}/environments/a%2Fb", "repos/get-environment"),
        ("GET", f"{R}/environments/a/b", None),
        ("GET", "/api/v3/rate_limit", "rate-limit/get"),
        ("GET", "http://127.0.0.1:1/repositories/42/tags", "repos/list-tags"),
        ("GET", "/", "meta/root"),
        ("GET", "/api/v3", "meta/root"),
        ("PATCH", f"{R}/rulesets/1", None),
        ("GET", f"{R}/nothing", None),
    ],
)
def test_a_request_is_routed_as_github_does(
    method: str, path: str, operation: str | None
) -> None:
    assert CONTRACT.operation(method, path) == operation


def test_what_is_as_described_has_no_finding() -> None:
    body: Json = {"ref": "refs/heads/x", "sha": SHA}

    assert CONTRACT.check("POST", f"{R}/git/refs", body, 201, REF, JSON) == []


def test_raw_bytes_are_read_as_json() -> None:
    body = json.dumps({"ref": "refs/heads/x", "sha": SHA}).encode()
    answer = json.dumps(REF).encode()

    assert CONTRACT.check("POST", f"{R}/git/refs", body, 201, answer, JSON) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", []),
        ("?per_page=100&page=2", []),
        ("?per_page=500", ["query"]),
        ("?per_page=many", ["query"]),
        ("?pre_page=100", ["query"]),
    ],
)
def test_a_query_is_judged(query: str, found: list[str]) -> None:
    url = f"{R}/releases{query}"

    assert kinds(CONTRACT.check("GET", url, None, 200, [], JSON)) == found


def test_variables_come_in_smaller_pages() -> None:
    url = f"{R}/actions/variables?per_page=100"
    body: Json = {"total_count": 0, "variables": []}

    findings = CONTRACT.check("GET", url, None, 200, body, JSON)

    assert kinds(findings) == ["query"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param(None, ["request"], id="no body"),
        pytest.param(b"{", ["request"], id="not JSON"),
        pytest.param({"sha": SHA}, ["request"], id="a property is missing"),
        pytest.param({"ref": "refs/heads/x", "sha": 7}, ["request"], id="another type"),
        pytest.param(
            {"ref": "refs/heads/x", "sha": SHA, "forse": True},
            ["request-extra"],
            id="misspelt",
        ),
    ],
)
def test_a_request_body_is_judged(body: Json | bytes, found: list[str]) -> None:
    findings = CONTRACT.check("POST", f"{R}/git/refs", body, 201, REF, JSON)

    assert kinds(findings) == found


def test_a_body_where_none_belongs_is_found() -> None:
    body: Json = {"force": True}

    findings = CONTRACT.check("DELETE", f"{R}/rulesets/1", body, 204, None, None)

    assert kinds(findings) == ["request-extra"]


def test_a_request_that_the_server_called_malformed_is_not_judged_again() -> None:
    answer: Json = {
        "message": "Invalid request.\n\nInvalid property /rules/0: no match.",
        "documentation_url": "https://docs.github.com/rest",
        "status": "422",
    }

    findings = CONTRACT.check("POST", f"{R}/rulesets", {"name": 7}, 422, answer, JSON)

    assert findings == []


def test_a_parameter_of_another_rule_is_found() -> None:
    parameters: dict[str, Json] = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [],
        "required_approving_review_count": 1,
    }
    body = ruleset(rules=[{"type": "required_status_checks", "parameters": parameters}])

    findings = CONTRACT.check("POST", f"{R}/rulesets", body, 404, NOT_FOUND, JSON)

    assert kinds(findings) == ["request-extra"]
    assert "rules[0].parameters.required_approving_review_count" in findings[0]


def test_a_ruleset_of_ours_is_as_described() -> None:
    findings = CONTRACT.check("POST", f"{R}/rulesets", ruleset(), 404, NOT_FOUND, JSON)

    assert findings == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param({"node_id": 1}, ["response"], id="another type"),
        pytest.param({"invented": 1}, ["response-extra"], id="an invented field"),
    ],
)
def test_a_response_is_judged(change: dict[str, Json], found: list[str]) -> None:
    url = f"{R}/git/ref/heads/x"

    findings = CONTRACT.check("GET", url, None, 200, REF | change, JSON)

    assert kinds(findings) == found


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        pytest.param(204, None, [], id="204"),
        pytest.param(200, {}, ["status"], id="a status of no operation"),
        pytest.param(418, None, ["status"], id="a teapot"),
        pytest.param(204, {}, ["response"], id="204 with a body"),
        pytest.param(401, refused("Bad credentials", 401), [], id="401 everywhere"),
        pytest.param(
            403,
            refused("Forbidden", 403, foo=1),
            ["response", "response-extra"],
            id="an invented field",
        ),
        pytest.param(404, NOT_FOUND, [], id="404 everywhere"),
        pytest.param(422, refused("Reference does not exist", 422), [], id="the table"),
        pytest.param(422, {"errors": []}, ["response"], id="no message"),
    ],
)
def test_a_status_is_judged(status: int, body: Json, found: list[str]) -> None:
    url = f"{R}/git/refs/heads/x"

    findings = CONTRACT.check("DELETE", url, None, status, body, JSON)

    assert set(kinds(findings)) == set(found)


def test_the_errors_of_a_ruleset_may_be_strings() -> None:
    answer = refused("Validation Failed", 422, errors=["Invalid rule 'pull_request': "])

    findings = CONTRACT.check("POST", f"{R}/rulesets", ruleset(), 422, answer, JSON)

    assert findings == []


def test_the_page_of_a_failing_github_is_html() -> None:
    findings = CONTRACT.check(
        "GET", f"{R}/releases", None, 502, b"<html>Unicorn!", "text/html"
    )

    assert findings == []


def test_a_time_without_a_zone_is_found() -> None:
    variable: dict[str, Json] = {
        "name": "A",
        "value": "b",
        "created_at": "2026-01-01T00:00:00",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    url = f"{R}/actions/variables/A"

    findings = CONTRACT.check("GET", url, None, 200, variable, JSON)

    assert kinds(findings) == ["response"]


def test_the_documentation_of_an_error_is_that_of_its_operation() -> None:
    url = "https://docs.github.com/rest/git/refs#get-a-reference"

    assert CONTRACT.documentation_url("git/get-ref") == url


def test_a_schema_stands_alone() -> None:
    schema = CONTRACT.schema("repos/create-repo-ruleset", "request")

    jsonschema.validate(ruleset(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(ruleset(enforcement="sometimes"), schema)


@pytest.mark.parametrize("name", ["repos/no-such-thing", "repos/delete-release"])
def test_a_schema_that_is_not_described_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        CONTRACT.schema(name, "request")


def test_what_was_good_once_is_judged_anew_where_it_is_another_thing() -> None:
    def found(path: str, body: Json) -> list[str]:
        return kinds(CONTRACT.check("GET", f"{R}/{path}", None, 200, body, JSON))

    for _ in range(2):
        assert found("git/ref/heads/x", REF) == []
        assert found("git/ref/heads/x", {**REF, "ref": 1}) == ["response"]
        assert "response" in found("releases/latest", REF)
