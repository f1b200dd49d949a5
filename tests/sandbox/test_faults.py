import http.client
import json

import pytest

from sandbox.server import Sandbox
from sandbox.switches import Fault
from sandbox.wire import Json
from tests.sandbox.calls import Api, grow

_ISSUE: Json = {"title": "x"}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503])
def test_the_next_calls_fail_as_told(api: Api, box: Sandbox, status: int) -> None:
    box.switches.fail("/issues", method="POST", status=status, times=2)

    answers = [api("POST", "/issues", _ISSUE).status for _ in range(3)]

    assert answers == [status, status, 201]


def test_a_fault_can_wait_its_turn(api: Api, box: Sandbox) -> None:
    box.switches.fail("/issues", skip=1)

    answers = [api("POST", "/issues", _ISSUE).status for _ in range(3)]

    assert answers == [201, 503, 201]


@pytest.mark.parametrize(("kind", "done"), [("lost", 1), ("reset", 0)])
def test_an_answer_is_lost_after_or_before_the_effect(
    api: Api, box: Sandbox, kind: str, done: int
) -> None:
    box.switches.fail("/issues", kind=kind)

    with pytest.raises((http.client.HTTPException, OSError)):
        api("POST", "/issues", _ISSUE)

    assert len(box.state.issues) == done


def test_a_body_is_cut(api: Api, box: Sandbox) -> None:
    box.switches.fail("/issues", kind="cut")

    with pytest.raises(http.client.IncompleteRead):
        api("GET", "/issues?state=all")


def test_a_body_is_no_json(api: Api, box: Sandbox) -> None:
    box.switches.fail("/shop$", kind="broken-json")

    answer = api("GET", "")

    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("after", ["7", None])
def test_a_secondary_limit_may_not_say_when(
    api: Api, box: Sandbox, after: str | None
) -> None:
    box.switches.secondary_limit(retry_after=after)

    answer = api("GET", "")

    assert answer.status == 403
    assert "secondary rate limit" in answer.message
    assert answer.headers["Retry-After"] == after
    assert answer.headers["X-RateLimit-Remaining"] == "14"


def test_a_primary_limit_says_when(api: Api, box: Sandbox) -> None:
    box.switches.primary_limit(1234567890)

    answer = api("GET", "")

    assert answer.message == "API rate limit exceeded for installation ID 1."
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["X-RateLimit-Reset"] == "1234567890"


def test_writes_are_counted_after_their_effect(api: Api, box: Sandbox) -> None:
    seen: list[tuple[int, int]] = []
    box.on_write = lambda n, _, __: seen.append((n, len(box.state.issues)))

    api("POST", "/issues", _ISSUE)
    api("GET", "/issues")
    api("POST", "/issues", _ISSUE)
    api("POST", "/issues", {})

    assert seen == [(1, 1), (2, 2)]


def test_a_killer_strikes_once(api: Api, box: Sandbox) -> None:
    api("POST", "/issues", _ISSUE)
    struck: list[int] = []
    box.kill_after(2, lambda: struck.append(len(box.state.issues)))

    for _ in range(3):
        api("POST", "/issues", _ISSUE)

    assert struck == [3]


def test_another_mover_can_come_between(api: Api, box: Sandbox, start: str) -> None:
    def move(method: str, _: str) -> None:
        if method == "PATCH":
            grow(box, "feat: theirs")

    box.front.on_request = move

    answer = api("PATCH", "/git/refs/heads/main", {"sha": start})

    assert answer.message == "Update is not a fast forward"


def test_the_clock_is_ours(api: Api, box: Sandbox) -> None:
    box.switches.clock_offset_s = 86400 * 365

    answer = api("POST", "/issues", _ISSUE)

    assert answer.headers["Date"].split()[3] == box.state.now()[:4]
    assert str(answer["created_at"])[:4] == box.state.now()[:4]


def test_deprecation_links_stand_beside_pages(api: Api, box: Sandbox) -> None:
    box.switches.deprecation_headers = True
    for _ in range(2):
        api("POST", "/issues", _ISSUE)

    link = api("GET", "/issues?per_page=1").headers["Link"]

    assert 'rel="next"' in link
    assert 'rel="deprecation"' in link


def test_a_renamed_repository_says_where_it_is(api: Api, box: Sandbox) -> None:
    box.switches.renamed_from = "acme/old"

    answer = api("GET", "//repos/acme/old/tags")

    assert answer.status == 301
    assert api("GET", answer.headers["Location"]).items == []
    assert api("POST", "//repos/acme/old/labels", {"name": "x"}).status == 307


def test_pages_can_be_made_short(api: Api, box: Sandbox) -> None:
    box.switches.page_size = 2
    for _ in range(3):
        api("POST", "/issues", _ISSUE)

    assert len(api("GET", "/issues?per_page=100").items) == 2


def test_an_unchanged_answer_is_a_304(api: Api) -> None:
    tag = api("GET", "").headers["ETag"]

    answer = api("GET", "", headers={"If-None-Match": tag})

    assert (answer.status, answer.body) == (304, b"")


def test_switches_are_set_from_outside(api: Api, box: Sandbox) -> None:
    fault: Json = {"method": "GET", "path": "/tags$", "status": 500, "times": 1}

    answer = api("POST", "//_sandbox/switches", {"plan": "free", "faults": [fault]})

    assert (answer.status, answer["plan"]) == (200, "free")
    assert [api("GET", "/tags").status for _ in range(2)] == [500, 200]
    assert box.switches.faults == [
        Fault(method="GET", path="/tags$", status=500, times=0)
    ]


@pytest.mark.parametrize("body", [{"plans": "x"}, {"faults": [{"kind": "odd"}]}])
def test_an_unknown_switch_is_refused_by_name(api: Api, body: dict[str, Json]) -> None:
    answer = api("POST", "//_sandbox/switches", body)

    assert answer.status == 422
    assert answer.message.startswith("no ")


def test_exchanges_can_be_read_from_outside(api: Api) -> None:
    api("POST", "/issues", _ISSUE)

    (exchange,) = api("GET", "//_sandbox/exchanges").items

    assert exchange["method"] == "POST"
    assert exchange["request"] == _ISSUE
    assert (exchange["status"], exchange["caller"]) == (201, "admin")
