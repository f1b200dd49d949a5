"""The packer makes a valid image that depends on nothing but its input."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monokeel.ground.answers import Found
from sandbox import packer
from sandbox.packer import Image, PackError, pack, read_dockerfile
from sandbox.registry_server import RegistryServer
from tests.fakes.served import API, BUILT, COMMIT, PASSWORD, adapter, registry_server

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOCKERFILE = """\
ARG BASE=python
FROM ${BASE} AS build
RUN make everything
FROM ${BASE}
ENV A=1 \\
    B="two words"
WORKDIR /app
COPY --from=build /out /out
COPY src ./src
COPY --chown=1:1 main.py run.sh ./
COPY ["config.toml", "/etc/app.toml"]
USER 1000:1000
ENTRYPOINT ["python", "main.py"]
CMD serve --fast
"""


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with registry_server() as started:
        yield started


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    for name, text in {
        "Dockerfile": DOCKERFILE,
        "src/a.py": "a",
        "src/b/c.py": "c",
        "src/__pycache__/a.pyc": "junk",
        "main.py": "main",
        "run.sh": "run",
        "config.toml": "x = 1",
        "README.md": "not copied",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "run.sh").chmod(0o755)
    return folder


def run(
    context: Path, server: RegistryServer, password: str = PASSWORD
) -> "subprocess.CompletedProcess[str]":
    image = f"{server.url.removeprefix('http://')}/{API}:{BUILT}"
    return subprocess.run(
        [sys.executable, packer.__file__, str(context), image, COMMIT],
        env={
            **os.environ,
            "MONOKEEL_REGISTRY_PASSWORD": password,
            "SOURCE_DATE_EPOCH": str(int(MOMENT.timestamp())),
        },
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def layer(image: Image) -> bytes:
    (described,) = json.loads(image.manifest)["layers"]
    return image.blobs[described["digest"]]


def entries(image: Image) -> dict[str, int]:
    with tarfile.open(fileobj=io.BytesIO(layer(image))) as archive:
        return {entry.name: entry.mode for entry in archive}


def test_a_pushed_image_is_found_and_says_where_it_comes_from(
    context: Path, server: RegistryServer
) -> None:
    done = run(context, server)

    found = adapter(server).look_up(API, BUILT)
    assert (done.returncode, done.stderr) == (0, "")
    assert isinstance(found, Found)
    assert found.revision == COMMIT
    assert done.stdout.strip().endswith(f"@{found.digest}")


def test_pushing_again_gives_the_same_image(
    context: Path, server: RegistryServer
) -> None:
    first = run(context, server)
    for path in context.rglob("*"):
        os.utime(path, (1, 1))

    second = run(context, server)

    assert second.stdout == first.stdout
    assert len(server.registry.repositories[API].manifests) == 1


def test_the_layer_holds_what_is_copied_from_the_context(context: Path) -> None:
    assert entries(pack(context, {}, created=MOMENT)) == {
        "app/main.py": 0o644,
        "app/run.sh": 0o755,
        "app/src/a.py": 0o644,
        "app/src/b/c.py": 0o644,
        "etc/app.toml": 0o644,
    }


def test_the_config_holds_what_runs(context: Path) -> None:
    image = pack(context, {"k": "v"}, created=MOMENT)

    manifest = json.loads(image.manifest)
    config = json.loads(image.blobs[manifest["config"]["digest"]])
    assert config["created"] == "2026-03-01T12:00:00Z"
    assert config["config"] == {
        "Cmd": ["/bin/sh", "-c", "serve --fast"],
        "Entrypoint": ["python", "main.py"],
        "Env": ["A=1", "B=two words"],
        "Labels": {"k": "v"},
        "User": "1000:1000",
        "WorkingDir": "/app",
    }


def test_a_health_check_is_not_the_command() -> None:
    recipe = read_dockerfile(
        'HEALTHCHECK --retries=3 \\\n  CMD ["wget"]\nCMD ["run"]\n'
    )

    assert recipe.config["Cmd"] == ["run"]


def test_a_file_that_is_not_there_is_named(context: Path) -> None:
    (context / "main.py").unlink()

    with pytest.raises(PackError, match=r"COPY main\.py"):
        pack(context, {}, created=MOMENT)


def test_a_wrong_password_ends_with_the_reason_and_no_image(
    context: Path, server: RegistryServer
) -> None:
    done = run(context, server, password="wrong")

    assert done.returncode == 1
    assert "gives no token" in done.stderr
    assert server.registry.repositories == {}


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, server: RegistryServer
) -> None:
    done = run(tmp_path / "nothing", server)

    assert done.returncode == 1
    assert "nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_skopeo_reads_the_image(context: Path, server: RegistryServer) -> None:
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        pytest.skip("skopeo is not installed")
    done = run(context, server)
    image = f"docker://{server.url.removeprefix('http://')}/{API}:{BUILT}"

    shown = subprocess.run(
        [skopeo, "inspect", "--tls-verify=false", "--creds", f"u:{PASSWORD}", image],
        capture_output=True,
        text=True,
        check=True,
    )

    said = json.loads(shown.stdout)
    assert done.stdout.strip().endswith(said["Digest"])
    assert said["Labels"]["org.opencontainers.image.revision"] == COMMIT
