"""Wrong input for every task: one clear line, the right code, nothing changed.

The tasks run as a user runs them, on a repository that has something to lose.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests import warm
from tests.e2e.bad_options import APPLY, BUILD, GUARD, OPTIONS, PROMOTE, STATUS
from tests.e2e.bad_places import BUILDS, CLONES, FILES, RIGHTS, VARIABLES
from tests.e2e.rendered_shop import KEY, Done, RenderedShop, Row
from tests.fakes.http import serving
from tests.rendered.renders import WORKING_TREE, copy_source
from tests.rendered.versions import Versions


@pytest.fixture(scope="module")
def shop(
    versions: Versions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RenderedShop]:
    base = tmp_path_factory.mktemp("bad-input")
    with Sandbox() as box:
        shop = RenderedShop(versions.old, base, box)
        shop.release()
        yield shop


def is_clear(done: Done) -> bool:
    """Say whether one line tells the problem."""
    return len(done.errors) == 1 and "a bug in Monokeel" not in done.err


def acts_on_a_log(done: Done) -> bool:
    """Say whether a line would be taken for a command by GitHub's runner."""
    lines = (done.out + done.err).splitlines()
    return any(line.lstrip().startswith("::") for line in lines)


def judge(shop: RenderedShop, row: Row, where: Path) -> None:
    if row.spoil is not None:
        shutil.copytree(shop.folder, where, symlinks=True)
        row.spoil(where)
    if row.upset is not None:
        row.upset(shop.box)
    before = shop.live()

    done = shop.inv(
        *row.args,
        where=where if row.spoil else shop.folder,
        variables=row.variables,
    )

    shop.box.switches.faults.clear()
    printed = done.out + done.err
    assert done.code == row.code, printed
    assert row.says in done.err
    assert is_clear(done), printed
    assert "Traceback" not in printed
    assert [secret for secret in shop.secrets() if secret in printed] == []
    assert not acts_on_a_log(done)
    assert shop.live() == before


ROWS = {
    f"{kind}: {name}": row
    for kind, rows in {
        "option": OPTIONS,
        "variable": VARIABLES,
        "file": FILES,
        "clone": CLONES,
        "build": BUILDS,
        "right": RIGHTS,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_wrong_input_is_one_clear_line_and_changes_nothing(
    shop: RenderedShop, tmp_path: Path, row: Row
) -> None:
    judge(shop, row, tmp_path / "clone")


@pytest.mark.parametrize(
    ("args", "name"),
    [
        pytest.param(GUARD, "MONOKEEL_REGISTRY", id="guard"),
        pytest.param(BUILD, "MONOKEEL_REGISTRY", id="build"),
        pytest.param(APPLY, "GITHUB_API_URL", id="apply"),
        pytest.param(STATUS, "GITHUB_API_URL", id="status"),
    ],
)
def test_a_page_in_place_of_an_answer_tells_nothing(
    shop: RenderedShop, tmp_path: Path, args: tuple[str, ...], name: str
) -> None:
    with serving((200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")) as page:
        row = Row(args=args, code=4, says="", variables={name: page.url})

        judge(shop, row, tmp_path)


def test_a_wrong_deploy_key_moves_nothing_and_is_not_shown(shop: RenderedShop) -> None:
    refs = shop.live()[:3]

    done = shop.inv(*PROMOTE, variables={"MONOKEEL_DEPLOY_KEY": KEY})

    assert (done.code, len(done.errors)) == (3, 1), done.err
    assert "Check MONOKEEL_DEPLOY_KEY" in done.err
    assert [each for each in shop.secrets() if each in done.out + done.err] == []
    assert shop.live()[:3] == refs


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_source(tmp_path_factory.mktemp("answers") / "monokeel")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("owner=-acme", "a-z, 0-9 and single -", id="owner"),
        pytest.param("repository=shop.git", "and . _ - between", id="repository"),
        pytest.param("description=", "Write one line", id="description"),
        pytest.param("services=[]", "Write names", id="services"),
        pytest.param(
            "services=[{name: a, kind: api, path: ../a}]", "a folder, a/b", id="path"
        ),
        pytest.param("environments=[{name: Prod}]", "name: a-z", id="environment"),
        pytest.param("registry=https://ghcr.io", "a host alone", id="registry"),
        pytest.param("build=podman", "docker, buildah, or", id="build"),
        pytest.param("required_reviews=11", "from 0 to 10", id="reviews"),
        pytest.param("codeowners=acme", "Write @user", id="codeowners"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_rendered(
    template: Path, tmp_path: Path, answer: str, says: str
) -> None:
    command = [warm.program(), "-P", "-m", "copier", "copy", "--defaults"]
    command += ["--vcs-ref", WORKING_TREE, "--data", answer]

    done = subprocess.run(
        [*command, template, tmp_path / "shop"],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]  # D47: above it stands Copier's traceback
    name = answer.partition("=")[0]
    assert last.startswith(f"ValueError: Validation error for question '{name}'")
    assert says in last
    assert not (tmp_path / "shop").exists()
