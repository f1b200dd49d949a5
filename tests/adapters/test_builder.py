"""The build command: what it is given, and what buildah really makes of it."""

import json
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monokeel.adapters.builder import Builder
from monokeel.adapters.registry_access import Login
from monokeel.ground.answers import Found
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.settings import parse_settings
from sandbox.images import Manifest
from sandbox.registry_server import RegistryServer
from tests.fakes.served import API, BUILT, COMMIT, PASSWORD, adapter, registry_server

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LABELS = {
    "org.opencontainers.image.source": "https://github.com/acme/shop",
    "org.opencontainers.image.revision": COMMIT,
    "org.opencontainers.image.created": "2026-03-01T12:00:00Z",
    "org.opencontainers.image.title": "api",
}
SETTINGS = parse_settings(
    '[repository]\nowner = "acme"\nname = "shop"\n'
    '[[services]]\nname = "api"\nkind = "api"\n[[environments]]\nname = "dev"\n'
)


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.fixture
def builder(server: RegistryServer, tmp_path: Path) -> Builder:
    service = tmp_path / "services" / "api"
    service.mkdir(parents=True)
    (service / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    (service / "file").write_text("content")
    return Builder(
        settings=SETTINGS,
        root=tmp_path,
        registry=server.url,
        command="buildah",
        commit_time=lambda _: MOMENT,
        read_tag=lambda image, tag: f"read at {image}:{tag}",
        login=Login(user="robot", password=PASSWORD),
    )


@pytest.fixture
def fresh_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give buildah a storage of its own, without a daemon or kernel support."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    monkeypatch.setenv("BUILDAH_ISOLATION", "chroot")
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(new_storage(tmp_path, "first")))
    yield
    for folder in tmp_path.glob("storage-*"):
        shutil.rmtree(folder, ignore_errors=True)


def new_storage(folder: Path, name: str) -> Path:
    base = folder / f"storage-{name}"
    base.mkdir()
    config = base / "storage.conf"
    config.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{base}/root"\n'
        f'runroot = "{base}/run"\n'
    )
    return config


def script(folder: Path, text: str) -> str:
    path = folder / "build script.py"
    path.write_text(text)
    return f"{sys.executable} '{path}' {{context}} {{image}} {{commit}}"


def test_a_command_gets_the_time_and_a_file_of_credentials_for_us_alone(
    builder: Builder, server: RegistryServer, tmp_path: Path
) -> None:
    command = script(
        tmp_path,
        "import os, json, pathlib, sys\n"
        "path = pathlib.Path(os.environ['REGISTRY_AUTH_FILE'])\n"
        "seen = {'mode': path.stat().st_mode, 'auths': json.loads(path.read_text()),\n"
        "        'epoch': os.environ['SOURCE_DATE_EPOCH'], 'arguments': sys.argv[1:],\n"
        "        'docker': json.loads(os.environ['DOCKER_AUTH_CONFIG']),\n"
        "        'path': str(path), 'folder': os.getcwd()}\n"
        f"pathlib.Path({str(tmp_path)!r}, 'seen').write_text(json.dumps(seen))\n",
    )

    replace(builder, command=command).build("api", COMMIT)

    seen = json.loads((tmp_path / "seen").read_text())
    host = server.url.removeprefix("http://")
    context = str(tmp_path / "services/api")
    assert seen["arguments"] == [context, f"{host}/{API}:{BUILT}", COMMIT]
    assert seen["epoch"] == str(int(MOMENT.timestamp()))
    assert list(seen["auths"]["auths"]) == [host]
    assert seen["docker"]["auths"] == seen["auths"]["auths"]
    assert stat.S_IMODE(seen["mode"]) == 0o600
    assert seen["folder"] == str(tmp_path)
    assert not Path(seen["path"]).exists()


@pytest.mark.parametrize("place", ["auth.json", "run", "home", "docker"])
def test_a_base_image_elsewhere_is_read_with_the_login_that_one_has_there(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """buildah reads no other file than the one that it is given (R13)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    files = {
        "auth.json": tmp_path / "auth.json",
        "run": tmp_path / "run/containers/auth.json",
        "home": tmp_path / ".config/containers/auth.json",
        "docker": tmp_path / ".docker/config.json",
    }
    if place == "auth.json":
        monkeypatch.setenv("REGISTRY_AUTH_FILE", str(files[place]))
    files[place].parent.mkdir(parents=True, exist_ok=True)
    theirs = {name: {"auth": "x"} for name in ("quay.io", "ghcr.io", "ghcr.io/acme")}
    helpers = {"ghcr.io": "gcr", "1.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"}
    own = {"auths": theirs, "credHelpers": helpers, "credsStore": "desktop"}
    files[place].write_text(json.dumps(own))
    (tmp_path / ".docker").mkdir(exist_ok=True)
    (tmp_path / ".docker/config.json").touch()
    command = script(
        tmp_path,
        "import os, shutil\nshutil.copy(os.environ['REGISTRY_AUTH_FILE'],"
        f" {str(tmp_path / 'seen')!r})\n",
    )

    replace(builder, command=command, registry="https://ghcr.io").build("api", COMMIT)

    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["auths"].pop("ghcr.io")["auth"] != "x"
    assert seen == {
        "auths": {"quay.io": {"auth": "x"}},
        "credHelpers": {"1.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"},
    }


def test_docker_hub_has_the_name_that_docker_gives_it(
    builder: Builder, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    command = script(
        tmp_path,
        f"import os, pathlib\npathlib.Path({str(seen)!r}).write_text("
        "os.environ['DOCKER_AUTH_CONFIG'])\n",
    )

    replace(builder, command=command, registry="https://docker.io").build("api", COMMIT)

    names = list(json.loads(seen.read_text())["auths"])
    assert names == ["docker.io", "https://index.docker.io/v1/"]


def test_a_build_that_fails_names_the_service_and_the_program(
    builder: Builder, tmp_path: Path
) -> None:
    command = script(tmp_path, "raise SystemExit(7)")

    with pytest.raises(ServiceError, match=r"the build of api failed: .* with 7"):
        replace(builder, command=command).build("api", COMMIT)


def test_a_missing_builder_is_named(builder: Builder) -> None:
    with pytest.raises(ServiceError, match="no-such-builder is not installed"):
        replace(builder, command="no-such-builder {context} {image}").build(
            "api", COMMIT
        )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("make {context}", "has no {image}"),
        ("buildah {context} {image} {digest}", "did you mean"),
        ("no-such-builder {context} {image}", "no-such-builder is not installed"),
        ("./plain.sh {context} {image}", "./plain.sh cannot be started"),
        ("./services {context} {image}", "./services cannot be started"),
        ("./gone.sh {context} {image}", "./gone.sh cannot be started"),
    ],
)
def test_what_no_build_could_start_with_is_refused_before_one(
    builder: Builder, tmp_path: Path, command: str, says: str
) -> None:
    (tmp_path / "plain.sh").write_text("#!/bin/sh\n")  # may not be executed
    made = replace(builder, command=command)

    for ask in (made.check, made.build):
        with pytest.raises((UsageError, ServiceError), match=re.escape(says)):
            ask("api", COMMIT)


def test_what_a_build_prints_is_not_in_our_answer(
    builder: Builder, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = script(tmp_path, "print('step 1 of 3')")

    replace(builder, command=command).build("api", COMMIT)

    printed = capfd.readouterr()
    assert printed.out == ""
    assert "step 1 of 3" in printed.err


def test_the_password_is_not_shown_with_the_builder(builder: Builder) -> None:
    assert PASSWORD not in repr(builder)


@pytest.mark.usefixtures("fresh_storage")
def test_buildah_pushes_an_image_that_says_where_it_comes_from(
    builder: Builder, server: RegistryServer
) -> None:
    builder.build("api", COMMIT)

    repository = server.registry.repositories[API]
    manifest = repository.find(BUILT)
    assert manifest is not None
    config = json.loads(repository.blobs[manifest.descriptors("config")[0]])
    assert adapter(server).look_up(API, BUILT) == Found(
        digest=manifest.digest, revision=COMMIT
    )
    assert LABELS.items() <= config["config"]["Labels"].items()
    assert LABELS.items() <= annotations(manifest).items()
    assert config["created"] == "2026-03-01T12:00:00Z"


@pytest.mark.usefixtures("fresh_storage")
def test_buildah_gives_the_same_digest_in_a_fresh_storage(
    builder: Builder,
    server: RegistryServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builder.build("api", COMMIT)
    first = server.registry.repositories[API].tags[BUILT]
    other = new_storage(tmp_path, "second")
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(other))

    builder.build("api", COMMIT)

    assert server.registry.repositories[API].tags[BUILT] == first


def annotations(manifest: Manifest) -> dict[str, str]:
    found = manifest.fields()["annotations"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("command", ["docker", "buildah", "own {context} {image}"])
def test_a_build_gets_no_token_and_no_key(
    builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """S15: a build runs what any dependency brings along."""
    programs, seen = tmp_path / "programs", tmp_path / "seen"
    programs.mkdir()
    for name in ("docker", "buildah", "own"):
        program = programs / name
        program.write_text(f"#!/bin/sh\n/usr/bin/env >> {seen}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    secrets = (
        *("MONOKEEL_DEPLOY_KEY", "MONOKEEL_REGISTRY_PASSWORD", "GITHUB_TOKEN"),
        *("GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
        *("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "MONOKEEL_APP_PRIVATE_KEY"),
    )
    for name in secrets:
        monkeypatch.setenv(name, f"s3cret of {name}")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")

    replace(builder, command=command).build("api", COMMIT)

    given = seen.read_text()
    assert "s3cret" not in given
    assert "SOURCE_DATE_EPOCH=" in given
    assert "HTTPS_PROXY=http://proxy.example:1" in given
