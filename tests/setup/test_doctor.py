"""What doctor finds, with fakes of the machine, the clone and GitHub."""

from collections.abc import Collection
from dataclasses import dataclass, field

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import parse_settings
from monokeel.setup.doctor import Finding, Outside, doctor_report, examine

SETTINGS = parse_settings("""
[repository]
owner = "acme"
name = "shop"
[release]
[registry]
[policy]
[[services]]
name = "api"
kind = "api"
[[environments]]
name = "prod"
""")
FILES = ("infra/platform.toml", "infra/rulesets.json", ".copier-answers.yml")


@dataclass
class FakeMachine:
    programs: dict[str, str]
    silent: tuple[str, ...] = ()

    def python(self) -> str:
        return "3.11.7"

    def version_of(self, program: str) -> str | None:
        return self.programs.get(program)

    def answers(self, *args: str) -> bool:
        return args[0] in self.programs and " ".join(args) not in self.silent


@dataclass
class FakeClone:
    remote: str | None = "https://github.com/acme/shop.git"
    shallow: bool = False

    def address(self) -> str | None:
        return self.remote

    def is_shallow(self) -> bool:
        return self.shallow


@dataclass
class FakeFiles:
    paths: tuple[str, ...] = FILES

    def read(self, paths: Collection[str]) -> dict[str, bytes]:
        return {path: b"" for path in paths if path in self.paths}


@dataclass
class FakeRepository:
    rights: dict[str, Json] = field(
        default_factory=lambda: {"pull": True, "push": True, "admin": True}
    )
    keys: list[dict[str, Json]] = field(default_factory=lambda: [{"title": "monokeel"}])
    environments: tuple[str, ...] = ("release", "prod")
    locked: bool | Unknown = True
    hidden: str = ""

    def get_repository(self) -> dict[str, Json]:
        if self.hidden:
            raise ServiceError(self.hidden)
        return {"permissions": self.rights}

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        if not self.rights.get("admin"):
            raise ServiceError("403 to GET /keys")
        return self.keys

    def get_environment(self, name: str) -> dict[str, Json] | None:
        return {"name": name} if name in self.environments else None

    def immutable_releases(self) -> bool | Unknown:
        return self.locked


ALL = dict.fromkeys(("git", "ssh", "ssh-keygen", "gh", "uv", "docker"), "1.0")


def findings(
    *,
    programs: dict[str, str] | None = None,
    silent: tuple[str, ...] = (),
    clone: FakeClone | None = None,
    files: FakeFiles | None = None,
    repository: FakeRepository | None = None,
) -> dict[str, Finding]:
    outside = Outside(
        machine=FakeMachine(ALL if programs is None else programs, silent),
        clone=clone or FakeClone(),
        files=files or FakeFiles(),
        repository=repository,
    )
    return {finding.what: finding for finding in examine(SETTINGS, outside)}


def test_nothing_is_missing_where_everything_is_there() -> None:
    found = findings(repository=FakeRepository())

    assert {finding.state for finding in found.values()} == {"ok"}
    assert doctor_report(tuple(found.values())).data["verdict"] == "ok"


def test_a_program_that_is_not_there_is_named_with_its_purpose() -> None:
    found = findings(programs={}, repository=FakeRepository())

    assert found["git"].state == "missing"
    assert found["uv"].state == "optional"
    assert "./inv init" in found["ssh-keygen"].detail


def test_docker_is_not_ok_by_its_client_alone() -> None:
    found = findings(
        silent=("docker buildx version", "docker version"), repository=FakeRepository()
    )

    assert found["docker"].state == "ok"
    assert found["docker buildx"].state == "optional"
    assert found["docker daemon"].state == "optional"


def test_the_template_itself_has_no_answers_to_miss() -> None:
    files = FakeFiles(("copier.yml", *FILES[:2]))

    found = findings(files=files, repository=FakeRepository())

    assert ".copier-answers.yml" not in found
    assert doctor_report(tuple(found.values())).data["verdict"] == "ok"


def test_what_the_clone_lacks_is_named_with_the_command() -> None:
    found = findings(
        clone=FakeClone(remote=None, shallow=True),
        files=FakeFiles(FILES[1:]),
        repository=FakeRepository(),
    )

    assert found["remote"].detail.startswith("git remote add origin https://")
    assert found["history"].detail == "git fetch --unshallow --tags"
    assert found["infra/platform.toml"].state == "missing"


def test_without_a_token_github_is_not_asked() -> None:
    found = findings(repository=None)

    assert [f.what for f in found.values() if f.where == "GitHub"] == ["token"]
    assert found["token"].state == "missing"


def test_a_weak_token_leaves_questions_open() -> None:
    weak = FakeRepository(
        rights={"pull": True}, locked=Unknown(reason="404"), environments=()
    )

    found = findings(repository=weak)

    assert found["token may pull"].state == "ok"
    assert found["token may admin"].state == "missing"
    assert found["deploy key"].state == "unknown"
    assert found["immutable releases"].state == "unknown"
    assert found["Environment prod"].state == "missing"


def test_a_github_that_does_not_answer_is_one_unknown() -> None:
    found = findings(repository=FakeRepository(hidden="GitHub answered 503"))

    github = [finding for finding in found.values() if finding.where == "GitHub"]
    assert [(f.state, f.detail) for f in github] == [("unknown", "GitHub answered 503")]


def test_the_report_counts_what_is_missing() -> None:
    report = doctor_report(tuple(findings(programs={}).values()))

    assert report.headline == "3 missing, 0 unknown, of 15"
    assert report.data["verdict"] == "missing"
