"""Template commands with fakes that keep state; updates of real trees are elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.updates.edits import Recorded, Render
from monokeel.updates.leftovers import Leftover
from monokeel.updates.merge import CONFLICT, File, Open, Outcome
from monokeel.updates.offer import check, check_report, follow_up
from monokeel.updates.propose import (
    Places,
    proposal_body,
    propose,
    rejected,
    rejected_report,
    update_report,
)
from monokeel.updates.update import UpdatePlan, commit_message, require_taken

COMMIT, OTHER, THEIRS = "a" * 40, "b" * 40, "c" * 40
BRANCH = "template/v1.3.0"
REF = f"refs/heads/{BRANCH}"
NOTHING = Render(folder="/old", files={}, answers={})
LEFT = Open(path="inv", reason=CONFLICT, missing=("    # SECURITY FIX\n",))


def make_plan(*left: Open, pins: tuple[str, ...] = ()) -> UpdatePlan:
    return UpdatePlan(
        source="https://github.com/acme/monokeel.git",
        current="1.2.0",
        version="1.3.0",
        branch=BRANCH,
        head="d" * 40,
        before=None,
        old=NOTHING,
        new=NOTHING,
        outcome=Outcome(changes={}, left=left, pins=pins),
        open={
            each.path: Leftover(base="1.2.0", since="1.3.0", reason=each.reason)
            for each in left
        },
        changed={"inv": File(content=b"")},
    )


@dataclass
class FakeVersions:
    commit: str = "v1.2.0"
    tags: tuple[str, ...] = ("v1.2.0", "v1.10.0", "v1.9.0", "v0.9.0")
    open: dict[str, Leftover] = field(default_factory=dict)

    def recorded(self) -> Recorded:
        return Recorded(source=self.address(), commit=self.commit, answers={})

    def address(self) -> str:
        return "https://github.com/acme/monokeel.git"

    def versions(self) -> tuple[str, ...]:
        return self.tags

    def notes(self, current: str, version: str) -> str:
        return f"## {version}\n\nNewer than {current}."

    def leftovers(self) -> Mapping[str, Leftover]:
        return self.open


@dataclass
class FakeIssues:
    opened: dict[str, tuple[str, str]] = field(default_factory=dict)

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        self.opened[marker] = (title, body)
        return 5

    def close(self, marker: str, *, comment: str) -> int | None:
        assert comment
        return 5 if self.opened.pop(marker, None) else None


@dataclass
class FakeRemote:
    refs: dict[str, str] = field(default_factory=dict)
    declines: str = ""
    fetched: set[str] = field(default_factory=set)

    def fetch_commit(self, commit: str) -> None:
        assert commit in self.refs.values()
        self.fetched.add(commit)

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        return {r: c for r, c in self.refs.items() if r.startswith(tuple(prefixes))}

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        if self.refs.get(ref) != old or new is None:
            return Lost(now=self.refs.get(ref))
        self.refs[ref] = new
        return Moved(now=new, changed=True)


@dataclass
class FakePulls:
    opened: dict[str, int] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    bodies: dict[int, str] = field(default_factory=dict)
    declines: str = ""

    def open_from(self, prefix: str) -> Mapping[str, int]:
        return {b: n for b, n in self.opened.items() if b.startswith(prefix)}

    def rejected(self, branch: str) -> int | None:
        return self.closed.get(branch)

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        self.opened[branch] = 10 + len(self.opened)
        self.bodies[self.opened[branch]] = f"{title}\n{body}"
        return self.opened[branch]

    def edit(self, number: int, *, title: str, body: str) -> None:
        assert number in self.opened.values()
        self.bodies[number] = f"{title}\n{body}"

    def close(self, number: int, *, comment: str) -> None:
        assert comment
        self.opened = {b: n for b, n in self.opened.items() if n != number}


class FakeCommits:
    """Commits of updates are COMMIT and OTHER; what was not fetched is not known."""

    def __init__(self, remote: "FakeRemote") -> None:
        self.remote = remote

    def is_ours(self, commit: str) -> bool:
        assert commit in self.remote.fetched
        return commit in {COMMIT, OTHER}

    def same_files(self, commit: str, other: str) -> bool:
        return commit == other


def make_places(
    remote: "FakeRemote | None" = None,
    pulls: FakePulls | None = None,
    issues: "FakeIssues | None" = None,
) -> Places:
    remote = remote or FakeRemote()
    return Places(
        remote=remote,
        commits=FakeCommits(remote),
        pulls=pulls or FakePulls(),
        issues=issues or FakeIssues(),
    )


# Is there a newer one?


@pytest.mark.parametrize(
    ("commit", "available"), [("v1.2.0", True), ("v1.10.0", False)]
)
def test_the_newest_version_is_found_by_its_number(
    commit: str, *, available: bool
) -> None:
    offer = check(FakeVersions(commit=commit))

    assert (offer.latest, offer.available) == ("1.10.0", available)
    verdict = "available" if available else "current"
    assert check_report(offer).data["verdict"] == verdict


def test_what_is_newer_is_told_in_the_words_of_the_template() -> None:
    issues = FakeIssues()
    offer = check(FakeVersions())

    follow_up(offer, issues)

    assert "Newer than 1.2.0." in check_report(offer).sections[-1].lines
    [(_, body)] = issues.opened.values()
    assert "Newer than 1.2.0." in body


def test_what_was_left_open_is_named_although_nothing_is_newer() -> None:
    issues = FakeIssues()
    left = Leftover(base="1.0.0", since="1.9.0", reason=CONFLICT)
    offer = check(FakeVersions(commit="v1.10.0", open={"inv": left}))

    report, said = check_report(offer), follow_up(offer, issues)

    line = f"inv, since v1.9.0: {CONFLICT}"
    assert report.data["verdict"] == "open"
    assert report.sections[1].lines == (line,)
    assert said == "issue #5 is open"
    [(title, body)] = issues.opened.values()
    assert title == "Template: not all of v1.10.0 was taken"
    assert line in body


def test_a_version_that_the_template_has_lost_is_told(  # T25
) -> None:
    with pytest.raises(RefusedError, match=r"has no v1\.8\.0 any more"):
        check(FakeVersions(commit="v1.8.0"))


@pytest.mark.parametrize("commit", ["v1", "1.2.0", "v1.2.0-1-gabcdef0", "main"])
def test_a_repository_made_from_no_release_is_refused(commit: str) -> None:
    with pytest.raises(RefusedError, match="which is no release"):
        check(FakeVersions(commit=commit))


def test_a_template_without_versions_is_no_answer() -> None:
    with pytest.raises(ServiceError, match="no version tag"):
        check(FakeVersions(tags=()))


def test_one_issue_is_open_while_an_update_is_there_and_closed_after() -> None:
    issues = FakeIssues()

    first = follow_up(check(FakeVersions()), issues)
    opened = dict(issues.opened)
    second = follow_up(check(FakeVersions(commit="v1.10.0")), issues)

    assert first == "issue #5 is open"
    assert [title for title, _ in opened.values()] == [
        "Template update available: v1.10.0"
    ]
    assert second == "issue #5 is closed"
    assert issues.opened == {}


# Propose an update


def test_an_update_becomes_one_pull_request() -> None:
    remote, pulls = FakeRemote(), FakePulls()

    said = propose(make_plan(), COMMIT, make_places(remote, pulls), body="The notes.")

    assert said == "pull request #10 is open"
    assert remote.refs == {REF: COMMIT}
    assert pulls.bodies == {10: "chore(template): update to v1.3.0\nThe notes."}


def test_the_same_update_again_changes_nothing() -> None:
    remote = FakeRemote(refs={REF: COMMIT})
    pulls = FakePulls(opened={BRANCH: 3})

    said = propose(make_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == "pull request #3 is open"
    assert (remote.refs, pulls.bodies) == ({REF: COMMIT}, {})


def test_an_open_pull_request_of_ours_is_made_anew_on_the_new_main() -> None:
    remote = FakeRemote(refs={REF: OTHER})
    pulls = FakePulls(opened={BRANCH: 3})

    said = propose(make_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == "pull request #3 is refreshed"
    assert remote.refs == {REF: COMMIT}
    assert pulls.bodies[3].endswith("new")
    assert pulls.opened == {BRANCH: 3}


@pytest.mark.parametrize(
    ("opened", "held"),
    [({BRANCH: 3}, "pull request #3"), ({}, f"branch {BRANCH}")],
    ids=["with a pull request", "a branch alone"],
)
def test_a_branch_that_somebody_pushed_to_is_left_as_it_is(
    opened: dict[str, int], held: str
) -> None:
    remote, pulls = FakeRemote(refs={REF: THEIRS}), FakePulls(opened=dict(opened))

    said = propose(make_plan(), COMMIT, make_places(remote, pulls), body="new")

    assert said == f"{held} holds commits of others and is left as it is"
    assert (remote.refs, pulls.opened) == ({REF: THEIRS}, opened)


def test_a_branch_of_ours_without_a_pull_request_gets_one() -> None:
    remote, pulls = FakeRemote(refs={REF: COMMIT}), FakePulls()

    propose(make_plan(), COMMIT, make_places(remote, pulls), body="")

    assert BRANCH in pulls.opened


def test_what_a_person_closed_is_not_opened_again() -> None:
    assert rejected(make_plan(), FakePulls()) is None
    assert rejected(make_plan(), FakePulls(closed={BRANCH: 3})) == 3
    both = FakePulls(opened={BRANCH: 4}, closed={BRANCH: 3})
    assert rejected(make_plan(), both) is None  # somebody opened it again
    assert rejected_report(make_plan(), 3).headline.endswith("declined in #3")


def test_only_older_versions_that_nobody_touched_are_closed() -> None:
    branches = {
        "template/v1.2.5": OTHER,
        "template/v1.2.6": THEIRS,
        "template/v1.4.0": OTHER,
        "template/v1.2.0-answers": OTHER,
        "template/v1.2.5/ours": OTHER,
    }
    remote = FakeRemote(refs={f"refs/heads/{b}": c for b, c in branches.items()})
    pulls = FakePulls(opened={b: n for n, b in enumerate(branches, 1)})

    propose(make_plan(), COMMIT, make_places(remote, pulls), body="")

    assert pulls.opened.keys() == {*branches, BRANCH} - {"template/v1.2.5"}


@pytest.mark.parametrize(
    ("remote", "pulls"),
    [
        pytest.param(FakeRemote(declines="no workflows right"), FakePulls(), id="push"),
        pytest.param(FakeRemote(), FakePulls(declines="not permitted"), id="pull"),
    ],
)
def test_where_no_pull_request_is_allowed_one_issue_says_the_same(
    remote: FakeRemote, pulls: FakePulls
) -> None:
    issues = FakeIssues()
    places = make_places(remote, pulls, issues)

    said = propose(make_plan(), COMMIT, places, body="The notes.")

    assert said.startswith("issue #5 is open")
    [(title, body)] = issues.opened.values()
    assert title == "Template update available: v1.3.0"
    assert body.startswith("The notes.")
    assert (remote.declines or pulls.declines) in body
    assert pulls.opened == {}


def test_a_pull_request_closes_the_issue() -> None:
    issues = FakeIssues(opened={"template-update": ("", "")})

    propose(make_plan(), COMMIT, make_places(issues=issues), body="")

    assert issues.opened == {}


# What an update says


def test_the_body_says_what_a_reviewer_needs() -> None:
    plan = make_plan(LEFT, pins=("ci.yml: x stays at v2; the template has v1",))

    body = proposal_body(
        plan,
        notes="## 1.3.0\n\nFaster.",
        stat=" inv | 2 +-",
        checks=("policy.lint: nothing wrong",),
    )

    for expected in (
        "https://github.com/acme/monokeel/compare/v1.2.0...v1.3.0",
        "## 1.3.0\n\nFaster.",
        "```\n inv | 2 +-\n```",
        "- `inv`: both sides changed the same lines",
        "  ````\n      # SECURITY FIX\n  ````",
        "- ci.yml: x stays at v2",
        "- policy.lint: nothing wrong",
    ):
        assert expected in body
    long = proposal_body(plan, notes="x" * 99_999, stat="")
    assert len(long) < 65_536


def test_an_update_with_something_left_is_no_whole_one() -> None:
    with pytest.raises(RefusedError, match="not everything of"):
        require_taken(make_plan(LEFT))
    require_taken(make_plan())

    report = update_report(make_plan(LEFT), COMMIT)

    assert report.data["verdict"] == "open"
    assert report.problems == ("not taken: inv",)
    assert update_report(make_plan(), COMMIT).data["verdict"] == "updated"
    assert update_report(make_plan(), None).data["verdict"] == "planned"


def test_the_commit_says_what_was_left() -> None:
    assert commit_message(make_plan(LEFT)) == (
        "chore(template): update to v1.3.0\n\n"
        "Not taken: inv: both sides changed the same lines.\n"
    )
