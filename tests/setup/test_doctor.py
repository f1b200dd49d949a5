"""What doctor finds, with fakes of the machine, the clone and GitHub."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings
from monokeel.policy.lint import disagreements
from monokeel.setup.doctor import Diagnosis, Here, doctor_report, examine
from tests.fakes.rulesets import FakeRulesets
from tests.fakes.unconnected import COMMIT, POLICY, SETTINGS, START, World
from tests.setup.test_expectations import connected

FILES = ("infra/platform.toml", "infra/rulesets.json", ".copier-answers.yml")


@dataclass
class FakeMachine:
    programs: dict[str, str]
    silent: tuple[str, ...] = ()

    def says(self, *args: str) -> str | None:
        if args[1:] == ("--version",):
            return self.programs.get(args[0])
        there = args[0] in self.programs and " ".join(args[:2]) not in self.silent
        return "overlayfs" if there else ""


class ShallowClone(World):
    def is_shallow(self) -> bool:
        return True


class EmptyClone(World):
    def tree_of(self, commit: str, path: str) -> str | None:
        return None if commit == "HEAD" and path else COMMIT


class TornClone(World):
    def tree_of(self, commit: str, path: str) -> str | None:
        raise ServiceError(f"commit {commit} of {path} is not in this clone")


@dataclass
class FakeFiles:
    paths: tuple[str, ...] = FILES

    def read(self, paths: Collection[str]) -> dict[str, bytes]:
        return {path: b"" for path in paths if path in self.paths}


ALL = dict.fromkeys(("git", "ssh", "ssh-keygen", "gh", "uv", "docker"), "1.0")


def findings(
    *,
    programs: dict[str, str] | None = None,
    silent: tuple[str, ...] = (),
    clone: World | None = None,
    files: FakeFiles | None = None,
    world: World | None = None,
) -> dict[str, Diagnosis]:
    here = Here(
        says=FakeMachine(ALL if programs is None else programs, silent).says,
        clone=clone or World(),
        files=(files or FakeFiles()).read,
    )
    found = examine(SETTINGS, here, world.outside if world else None)
    return {finding.what: finding for finding in found}


def test_nothing_is_missing_where_everything_is_there() -> None:
    found = findings(world=connected())

    assert {finding.state for finding in found.values()} == {"ok"}
    assert doctor_report(tuple(found.values())).data["verdict"] == "ok"


def test_a_program_that_is_not_there_is_named_with_its_purpose() -> None:
    found = findings(programs={}, world=connected())

    assert found["git"].state == "missing"
    assert found["uv"].state == "optional"
    assert "./inv init" in found["ssh-keygen"].detail


def test_docker_is_not_ok_by_its_client_alone() -> None:
    found = findings(silent=("docker buildx", "docker version"), world=connected())

    assert found["docker"].state == "ok"
    assert found["docker buildx"].state == "optional"
    assert found["docker daemon"].state == "optional"


def test_the_store_of_docker_is_named() -> None:
    """G34: that of containerd needs unpack=false, which the preset says."""
    found = findings(world=connected())["docker image store"]

    assert (found.state, found.detail) == ("ok", "overlayfs")


def test_the_template_itself_has_no_answers_to_miss() -> None:
    files = FakeFiles(("copier.yml", *FILES[:2]))

    found = findings(files=files, world=connected())

    assert ".copier-answers.yml" not in found
    assert doctor_report(tuple(found.values())).data["verdict"] == "ok"


def test_what_the_clone_lacks_is_named_with_the_command() -> None:
    found = findings(
        clone=ShallowClone(remote=None),
        files=FakeFiles(FILES[1:]),
        world=connected(),
    )

    assert found["remote"].detail == (
        "this clone has no remote:"
        " git remote add origin https://github.com/acme/shop.git"
    )
    assert found["history"].detail == "git fetch --unshallow --tags"
    assert found["infra/platform.toml"].detail == (
        "git checkout HEAD -- infra/platform.toml"
    )


def test_what_head_does_not_have_either_is_not_checked_out() -> None:
    found = findings(clone=EmptyClone(), files=FakeFiles(FILES[:2]))

    assert found[".copier-answers.yml"].detail == (
        "HEAD does not have it either: git log -1 -- .copier-answers.yml"
    )


def test_a_head_that_cannot_be_read_is_not_said_to_lack_a_file() -> None:
    found = findings(clone=TornClone(), files=FakeFiles(FILES[:2]))

    assert found[".copier-answers.yml"].detail == (
        "nobody knows if HEAD has it:"
        " commit HEAD of .copier-answers.yml is not in this clone"
    )


@pytest.mark.parametrize(
    ("settings", "gap"),
    [
        (replace(SETTINGS, tag_prefix="rel-"), "refs/tags/rel-1.0.0"),
        (replace(SETTINGS, claim_ref="refs/tags/on/{tag}"), "refs/tags/on/v1.0.0"),
    ],
    ids=["releases", "claims"],
)
def test_tags_that_nobody_guards_are_missing(settings: Settings, gap: str) -> None:
    """R38: the file has one prefix and the rules have another."""
    here = Here(
        says=FakeMachine(ALL).says,
        clone=World(),
        files=FakeFiles().read,
        disagreements=tuple(disagreements(settings, POLICY)),
    )

    found = examine(settings, here, None)

    [agree] = [each for each in found if each.what == "files agree"]
    assert (agree.state, gap in agree.detail) == ("missing", True)


def test_without_a_token_github_is_not_asked() -> None:
    found = findings()

    assert [f.what for f in found.values() if f.where == "GitHub"] == ["token"]
    assert found["token"].state == "missing"


def test_a_weak_token_leaves_questions_open_and_names_the_permission() -> None:
    found = findings(world=World(hidden=("keys", "environments")))

    assert found["writer"].state == "unknown"
    assert found["Environment prod"].state == "unknown"
    assert "Actions: read" in found["Environment prod"].detail


def test_no_permission_is_named_where_none_would_help() -> None:
    found = findings(world=World(silent=True))

    assert found["writer"].state == "unknown"
    assert found["writer"].detail == "GitHub answered 502 to keys"


def test_a_github_that_does_not_answer_is_one_unknown() -> None:
    class Silent(World):
        def get_repository(self) -> dict[str, Json]:
            raise ServiceError("GitHub answered 503")

    found = findings(world=Silent())

    github = [finding for finding in found.values() if finding.where == "GitHub"]
    assert [(f.state, f.detail) for f in github] == [("unknown", "GitHub answered 503")]


def test_each_secret_that_is_not_set_is_missing_with_its_command() -> None:
    world = connected()
    world.secret_times = {"dev": START + timedelta(days=1)}

    found = findings(world=world)

    missing = [f for f in found.values() if f.state == "missing"]
    assert [f.what for f in missing] == ["secret in release", "secret in prod"]
    assert all("gh secret set MONOKEEL_DEPLOY_KEY" in f.detail for f in missing)


def test_rules_that_are_not_applied_are_missing() -> None:
    world = connected()
    world.rulesets = FakeRulesets()

    found = findings(world=world)["rules"]

    assert (found.state, found.detail[-18:]) == ("missing", "./inv policy.apply")


def test_classic_protection_is_optional() -> None:
    world = connected()
    world.classic = True

    assert findings(world=world)["classic protection"].state == "optional"


def test_the_report_counts_what_is_missing() -> None:
    report = doctor_report(tuple(findings(programs={}).values()))

    assert report.headline == "3 missing, 0 unknown, of 18"
    assert report.data["verdict"] == "missing"


def test_a_clone_of_another_repository_is_not_ok() -> None:
    """P19."""
    other = World(remote="https://github.com/acme/other.git")

    found = findings(clone=other)["remote"]

    assert found.state == "missing"
    assert "the remote is acme/other" in found.detail


def test_what_each_job_may_write_is_shown_and_one_without_rights_is_missing() -> None:
    """T44: what GitHub's own token may, job by job."""
    jobs = (
        ("release.yml", "publish", "contents", "draft the release"),
        ("ours.yml", "free", "?", "GitHub's default: name permissions"),
        ("ci.yml", "test", "", ""),
    )
    here = Here(
        says=FakeMachine(ALL).says, clone=World(), files=FakeFiles().read, jobs=jobs
    )

    found = tuple(examine(SETTINGS, here, None))
    report = doctor_report(found, jobs)

    [row] = [each for each in found if each.what == "rights of jobs"]
    assert row.state == "missing"
    assert row.detail.endswith("name their permissions: ours.yml: free")
    assert report.sections[1].table.rows == jobs[:2]
