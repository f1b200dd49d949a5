"""``python -m sandbox``, its shell, and landing files as people do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.sandbox.calls import Api, grow
from tests.sandbox.clones import Done, run
from tests.sandbox.gh import GH, NEEDS_GH

_ROOT = Path(__file__).parents[2]
_LAND = str(_ROOT / "sandbox" / "land.py")


def _sandbox(*args: str, env: dict[str, str] | None = None) -> Done:
    return run(sys.executable, "-m", "sandbox", *args, cwd=_ROOT, env=env)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "99999"), "port 99999: a port is between 0 and 65535"),
        (("--port", "-1"), "port -1: a port is between 0 and 65535"),
        (("--port", "x"), "argument --port: invalid int value: 'x'"),
        (("--owner", "a b"), "owner 'a b': GitHub takes up to 39"),
        (("--owner", "-a"), "owner '-a': GitHub takes"),
        (("--owner", "a--b"), "owner 'a--b': GitHub takes"),
        (("--owner", "a" * 40), "GitHub takes up to 39"),
        (("--owner", "repos"), "owner 'repos': GitHub takes"),
        (("--repository", "a/b"), "repository 'a/b': GitHub takes"),
        (("--repository", ".."), "repository '..': GitHub takes"),
        (("--repository", "shop.git"), "and no .git at its end"),
        (("--token", "bob"), "no token bob; there are admin"),
        (("--plan", "gold"), "no plan gold; there are enterprise"),
        (("--nope",), "unrecognized arguments: --nope"),
        (("fish",), "invalid choice: 'fish'"),
    ],
)
def test_wrong_use_is_one_line_before_anything_is_served(
    words: tuple[str, ...], said: str
) -> None:
    done = _sandbox(*(f"{words[0]}={words[1]}",) if len(words) > 1 else words)

    assert done.code == 1
    assert said in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("owner", ["a", "a-b", "A1", "x" * 39])
def test_names_of_accounts_are_as_on_github(owner: str, tmp_path: Path) -> None:
    shell = _script(tmp_path, 'echo "$GITHUB_REPOSITORY"')

    done = _sandbox("shell", "--owner", owner, env={"SHELL": shell})

    assert f"{owner}/shop\n" in done.output


def _script(folder: Path, text: str) -> str:
    """Write a program that stands for a person at a shell."""
    path = folder / "shell"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@NEEDS_GH
def test_a_shell_has_everything_set(tmp_path: Path) -> None:
    text = f"""set -e
    cd {tmp_path}
    git init -q -b main one && cd one
    git commit -q --allow-empty -m "feat: start"
    git remote add origin https://github.com/acme/shop.git
    git push -q origin main
    gh api user --jq .login
    gh issue create --title x --body y
    ssh-keygen -q -t ed25519 -N "" -f key && gh repo deploy-key add key.pub -w -t k
    GIT_SSH_COMMAND="$GIT_SSH_COMMAND -i $PWD/key" \\
        git ls-remote git@github.com:acme/shop.git
    test -n "$MONOKEEL_BUILD" && test -n "$MONOKEEL_REGISTRY"
    test -f "$MONOKEEL/sandbox/land.py"
    echo all good
    """
    env = {"SHELL": _script(tmp_path, text), "XDG_CACHE_HOME": str(tmp_path / "c")}

    done = _sandbox("shell", "--deploy-keys", env=env)

    assert done.code == 0, done.output
    assert "ada\n" in done.output
    assert "refs/heads/main\n" in done.output
    assert "all good\n" in done.output
    assert done.output.endswith("The local GitHub has ended.\n")
    assert "github.com, gh, tokens and\nssh of git are the sandbox's" in done.output
    assert GH.exists()


def test_leaving_the_shell_ends_it_all(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    shell = _script(tmp_path, 'echo "$GITHUB_API_URL" > url; exit 3')
    env = {"SHELL": shell, "TMPDIR": str(tmp_path / "tmp")}

    done = run(
        sys.executable,
        "-m",
        "sandbox",
        "shell",
        cwd=tmp_path,
        env=env | {"PYTHONPATH": str(_ROOT)},
    )

    url = (tmp_path / "url").read_text(encoding="utf-8").strip()
    assert done.code == 3
    assert run("curl", "-s", url).code == 7  # nobody listens any more
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_shell_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = _sandbox("shell", env={"SHELL": str(tmp_path / "none")})

    assert done.code == 1
    assert f"{tmp_path / 'none'}: No such file or directory; set SHELL" in done.output


def test_addresses_that_nobody_reads_end_it_in_one_line() -> None:
    """G43: ``python -m sandbox | head -1``."""
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "sandbox"],
        cwd=_ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        timeout=60,
    )

    os.close(write)
    said = "nobody reads its addresses: Broken pipe\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_a_closed_output_ends_it_in_one_line() -> None:
    command = 'exec "$0" -m sandbox >&-'

    done = run("timeout", "60", "sh", "-c", command, sys.executable, cwd=_ROOT)

    said = "nobody reads its addresses: stdout is closed\n"
    assert (done.code, done.output) == (1, said)


def test_a_signal_of_the_terminal_is_the_shells_own(tmp_path: Path) -> None:
    shell = _script(tmp_path, "echo ready; read line; echo again")
    command = [sys.executable, "-m", "sandbox", "shell"]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        env=dict(os.environ) | {"SHELL": shell},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)  # to this program alone: it goes on
        output, _ = child.communicate("go\n")

    assert (child.returncode, output) == (0, "again\n")


def test_a_sandbox_can_start_with_deploy_keys_allowed(tmp_path: Path) -> None:
    shell = _script(
        tmp_path, 'curl -s -X POST -d "{}" "$GITHUB_API_URL/_sandbox/switches"'
    )

    strict = _sandbox("shell", env={"SHELL": shell}).output
    kind = _sandbox("shell", "--deploy-keys", env={"SHELL": shell}).output

    assert '"organization_deploy_keys": true' in kind
    assert '"organization_deploy_keys": false' in strict


@pytest.fixture
def shop(box: Sandbox, start: str, tmp_path: Path) -> Path:
    assert start
    place = f"https://github.com/{box.repository}.git"
    run("git", "clone", "-q", place, "shop", cwd=tmp_path, env=box.environ())
    (tmp_path / "shop" / "new").mkdir()
    (tmp_path / "shop" / "new" / "a.txt").write_text("a\n", encoding="utf-8")
    return tmp_path / "shop"


def _land(box: Sandbox, folder: Path, *args: str) -> Done:
    return run(sys.executable, _LAND, *args, cwd=folder, env=box.environ())


@pytest.mark.parametrize(("folder", "name"), [(".", "new/a.txt"), ("new", "a.txt")])
def test_files_of_the_shop_land_from_the_shop(
    box: Sandbox, shop: Path, folder: str, name: str
) -> None:
    done = _land(box, shop / folder, "feat: a", name)

    assert done.code == 0, done.output
    git = box.state.git
    assert git.git("show", "refs/heads/main:new/a.txt") == "a\n"
    assert "nothing judges the title" in done.output
    assert git.git("log", "-1", "--format=%s", "main") == "feat: a (#1)\n"


@pytest.mark.parametrize("place", ["checkout", "nowhere"])
def test_nothing_lands_from_another_folder(
    box: Sandbox, shop: Path, tmp_path: Path, place: str
) -> None:
    assert shop.exists()
    (tmp_path / "README.md").write_text("not the shop's", encoding="utf-8")
    folder = _ROOT if place == "checkout" else tmp_path

    done = _land(box, folder, "feat: a", "README.md")

    assert done.code == 1
    assert f"{folder} is no clone of acme/shop" in done.output
    assert box.state.issues == []


def test_a_file_outside_of_the_shop_does_not_land(
    box: Sandbox, shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "b.txt").write_text("b", encoding="utf-8")

    assert _land(box, shop, "feat: a", "../b.txt").code == 1
    assert box.state.issues == []


@pytest.mark.parametrize(("title", "code"), [("feat: a", 0), ("bad title", 1)])
def test_what_ci_would_stop_does_not_land(
    box: Sandbox, shop: Path, title: str, code: int
) -> None:
    judge = 'case "$3" in feat:*) ;; *) echo "no type: $3"; exit 3;; esac'
    (shop / "inv").write_text(f"#!/bin/sh\n{judge}\n", encoding="utf-8")
    (shop / "inv").chmod(0o755)

    done = _land(box, shop, title, "new/a.txt")

    assert done.code == code
    assert len(box.state.issues) == 1 - code
    if code:
        assert "CI would stop this title (check.title, exit 3)" in done.output
        assert "no type: bad title" in done.output


def test_a_change_lands_on_the_default_branch_whatever_its_name(
    api: Api, box: Sandbox, shop: Path
) -> None:
    git = box.state.git
    start = git.commit_of("main")
    git.move("refs/heads/trunk", start or "", None)
    api("PATCH", "", {"default_branch": "trunk"})

    assert _land(box, shop, "feat: a", "new/a.txt").code == 0
    assert git.commit_of("trunk") != start == git.commit_of("main")


def test_what_has_landed_is_no_edit_of_the_clone(box: Sandbox, shop: Path) -> None:
    def git(*args: str) -> str:
        return run("git", *args, cwd=shop).output.strip()

    (shop / "mine.txt").write_text("of mine", encoding="utf-8")

    first = _land(box, shop, "feat: a", "new/a.txt")

    assert git("rev-parse", "HEAD") in first.output.splitlines()
    assert git("status", "--porcelain") == "?? mine.txt"

    git("reset", "--quiet", "--hard", "HEAD~1")
    (shop / "new").mkdir()
    (shop / "new/a.txt").write_text("other", encoding="utf-8")
    behind = _land(box, shop, "feat: b", "new/a.txt")

    assert "git stash -u && git pull && git stash drop" in behind.output
    assert git("rev-parse", "HEAD") not in behind.output


def test_without_the_variables_usage_is_told(tmp_path: Path) -> None:
    done = run(sys.executable, _LAND, "feat: a", "x", cwd=tmp_path)

    assert done.code == 1
    assert done.output.startswith("usage: python CHECKOUT/sandbox/land.py TITLE FILE")


def test_a_refusal_of_the_rules_is_told(api: Api, box: Sandbox, shop: Path) -> None:
    api("PATCH", "", {"allow_squash_merge": False})

    done = _land(box, shop, "feat: a", "new/a.txt")

    assert done.code == 1
    assert "Squash merges are not allowed on this repository." in done.output
    assert grow(box, "feat: next")
