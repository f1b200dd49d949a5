"""GraphQL: how a query is read, what it may see, and what it says when it may not."""

import pytest

from sandbox.graphql_query import QueryError, Variable, parse
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Answer, Api

_NAME = "query($o: String = acme, $n: String!) { repository(owner: $o, name: $n) "


def _ask(api: Api, query: str, *, who: str = "admin", **variables: Json) -> Answer:
    body: Json = {"query": query, "variables": variables}
    return api("POST", "//graphql", body, who=who)


def test_a_query_is_taken_apart() -> None:
    document = parse(
        """
        # a comment
        query Q($a: [Int!]! = [1, 2], $b: String) @x {
          one: field(text: "a\\n\\u00e9", block: \"\"\" b \"\"\", n: -1.5, on: true,
                     off: null, what: ENUM, list: [$a], object: {k: $b}) @skip(if: $b)
          ...F
          ... on T { x }
        }
        fragment F on T { y }
        """
    )

    field = document.selection[0]
    assert (document.kind, document.name) == ("query", "Q")
    assert document.defaults == {"a": [1, 2]}
    assert (field.key, field.name) == ("one", "field")
    assert field.arguments == {
        "text": "a\né",
        "block": "b",
        "n": -1.5,
        "on": True,
        "off": None,
        "what": "ENUM",
        "list": [Variable("a")],
        "object": {"k": Variable("b")},
    }
    assert field.directives == {"skip": {"if": Variable("b")}}
    assert document.selection[1].spread == "F"
    assert document.selection[2].condition == "T"
    assert document.fragments["F"][0] == "T"


@pytest.mark.parametrize(
    "text", ["{", "{ a(", "query {", "{ a } }", "subscription { a }", "{ a ? }", "{a:}"]
)
def test_what_is_no_query_is_an_error(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_a_default_a_variable_and_an_alias(api: Api) -> None:
    answer = _ask(api, _NAME + "{ it: nameWithOwner __typename } }", n="shop")

    assert answer["data"] == {
        "repository": {"it": "acme/shop", "__typename": "Repository"}
    }


@pytest.mark.parametrize(("flag", "found"), [(True, {}), (False, {"name": "shop"})])
def test_a_directive_leaves_a_field_out(
    api: Api, *, flag: bool, found: dict[str, Json]
) -> None:
    query = "query($f: Boolean!) { repository(owner: acme, name: shop) "

    answer = _ask(api, query + "{ name @skip(if: $f) } }", f=flag)

    assert answer["data"] == {"repository": found}


def test_pages_follow_each_other(api: Api) -> None:
    for title in ("a", "b", "c"):
        api("POST", "/issues", {"title": title})
    more = "{ issues(first: 2, after: $after) { nodes { title } pageInfo { hasNextPage "
    query = (
        "query($after: String) { repository(owner: acme, name: shop) "
        + more
        + ("endCursor } totalCount } } }")
    )

    def page(after: Json) -> dict[str, Json]:
        data = _ask(api, query, after=after)["data"]
        assert isinstance(data, dict)
        repository = data["repository"]
        assert isinstance(repository, dict)
        found = repository["issues"]
        assert isinstance(found, dict)
        return found

    first = page(None)
    info = first["pageInfo"]
    assert isinstance(info, dict)
    second = page(info["endCursor"])

    assert first["nodes"] == [{"title": "a"}, {"title": "b"}]
    assert second["nodes"] == [{"title": "c"}]
    assert (info["hasNextPage"], first["totalCount"]) == (True, 3)


def test_nobody_asks_without_a_token(api: Api) -> None:
    answer = _ask(api, "{ viewer { login } }", who="none")

    assert answer.status == 401


@pytest.mark.parametrize(("right", "seen"), [("contents:read", 1), ("issues:read", 0)])
def test_a_private_repository_is_there_for_who_may_read_it(
    api: Api, box: Sandbox, right: str, seen: int
) -> None:
    box.state.private = True
    box.limit("fine", right)

    answer = _ask(api, _NAME + "{ name } }", who="fine", n="shop")

    assert answer["data"] == {"repository": {"name": "shop"} if seen else None}
    assert ("errors" in answer.json().__str__()) == (not seen)


def test_another_repository_is_said_not_to_be_there(api: Api) -> None:
    errors = _ask(api, _NAME + "{ name } }", n="other")["errors"]

    assert isinstance(errors, list)
    assert "Could not resolve to a Repository" in str(errors[0])


@pytest.mark.parametrize(
    "query",
    [
        "{ nothing }",
        "{ viewer { nothing } }",
        "mutation { addStar(input: {}) { x } }",
        "{ viewer }",
        "{ viewer { ...F } }",
    ],
)
def test_what_is_not_there_is_an_error_without_data(api: Api, query: str) -> None:
    answer = _ask(api, query)

    found = answer.json()
    assert isinstance(found, dict)
    assert answer.status == 200
    assert list(found) == ["errors"]


def test_a_change_asks_for_the_same_right_as_rest(api: Api, box: Sandbox) -> None:
    query = "mutation { createIssue(input: {title: x}) { issue { number } } }"

    refused = _ask(api, query, who="reader")
    done = _ask(api, query)

    assert "Resource not accessible by personal access token" in str(refused.json())
    assert done["data"] == {"createIssue": {"issue": {"number": 1}}}
    assert len(box.state.issues) == 1
