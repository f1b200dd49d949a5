"""Wrong variables, files, clones, builders and rights, and how each is refused."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.server import Sandbox
from tests.e2e.bad_options import (
    APPLY,
    BUILD,
    CHECK,
    DRIFT,
    GUARD,
    INIT,
    LINT,
    NINES,
    PLAN,
    PROMOTE,
    RELEASE,
    STATUS,
)
from tests.e2e.rendered_shop import PASSWORD, TOKEN, Row
from tests.rendered.renders import git
from tests.rendered.versions import save


def variable(args: tuple[str, ...], says: str, code: int, **values: str) -> Row:
    return Row(args=args, code=code, says=says, variables=values)


def toml(args: tuple[str, ...], old: str, new: str, says: str) -> Row:
    """Return the row in which ``platform.toml`` has *new* in place of *old*."""

    def spoil(shop: Path) -> None:
        path = shop / "infra/platform.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return Row(args=args, code=1, says=says, spoil=spoil)


def put(args: tuple[str, ...], path: str, content: bytes, says: str) -> Row:
    """Return the row in which *path* holds *content*."""

    def spoil(shop: Path) -> None:
        (shop / path).write_bytes(content)

    return Row(args=args, code=1, says=says, spoil=spoil)


def landed(args: tuple[str, ...], path: str, content: bytes, says: str) -> Row:
    """Return the row in which the last commit has *content* at *path*."""

    def spoil(shop: Path) -> None:
        (shop / path).write_bytes(content)
        save(shop, "chore: spoil")

    return Row(args=args, code=1, says=says, spoil=spoil)


def clone(
    args: tuple[str, ...], code: int, says: str, spoil: Callable[[Path], object]
) -> Row:
    return Row(args=args, code=code, says=says, spoil=spoil)


def builds(command: str, code: int, says: str) -> Row:
    """Return the row in which a commit without images is built by *command*."""
    return Row(
        args=BUILD,
        code=code,
        says=says,
        variables={"MONOKEEL_BUILD": command},
        spoil=lambda shop: save(shop, "feat: more"),
    )


def dirty(shop: Path) -> None:
    save(shop, "feat: more")
    (shop / "README.md").write_text("ours", encoding="utf-8")


def dangling(shop: Path) -> None:
    shutil.rmtree(shop / "infra")
    (shop / "infra").symlink_to("/proc/nowhere")


def shallow(shop: Path) -> None:
    (shop / ".git/shallow").write_text(git(shop, "rev-parse", "HEAD"))


def limited(box: Sandbox) -> None:
    box.switches.primary_limit(int(time.time()) + 3600, times=99)


VARIABLES = {
    "api plain": variable(
        RELEASE, "not an https address", 1, GITHUB_API_URL="http://example.com"
    ),
    "api broken": variable(STATUS, "is no address", 1, GITHUB_API_URL="http://[::1"),
    "api port": variable(
        DRIFT, "is no address", 1, GITHUB_API_URL="http://127.0.0.1:99999"
    ),
    "api password": variable(
        APPLY, "credentials", 1, GITHUB_API_URL=f"https://u:{PASSWORD}@127.0.0.1:9"
    ),
    "event broken": variable(
        (*RELEASE, "--dry-run"),
        "is no event",
        1,
        GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH="/dev/null",
    ),
    "api query": variable(
        STATUS, "holds a query", 1, GITHUB_API_URL=f"https://127.0.0.1/?t={PASSWORD}"
    ),
    "server password": variable(
        (*RELEASE, "--dry-run"),
        "credentials",
        1,
        GITHUB_SERVER_URL=f"https://u:{PASSWORD}@h",
    ),
    "server query": variable(
        PROMOTE, "holds a query", 1, GITHUB_SERVER_URL=f"https://h/?t={PASSWORD}"
    ),
    "api silent": variable(
        APPLY, "did not answer", 4, GITHUB_API_URL="http://127.0.0.1:9"
    ),
    "registry plain": variable(
        GUARD, "not an https address", 1, MONOKEEL_REGISTRY="http://example.com"
    ),
    "registry without scheme": variable(
        BUILD, "not an https address", 1, MONOKEEL_REGISTRY="ghcr.io"
    ),
    "registry password": variable(
        GUARD, "credentials", 1, MONOKEEL_REGISTRY=f"https://u:{PASSWORD}@127.0.0.1"
    ),
    "registry wrong password": variable(
        GUARD, "no token", 4, MONOKEEL_REGISTRY_PASSWORD=PASSWORD
    ),
    "token expired": variable(PLAN, "answered 401", 4, GITHUB_TOKEN=TOKEN),
    "token expired, promote": variable(
        PROMOTE, "Authentication failed", 4, GITHUB_TOKEN=TOKEN
    ),
    "token with quotes": variable(
        APPLY, "GITHUB_TOKEN holds", 1, GITHUB_TOKEN=f"'{TOKEN}'"
    ),
    "token with a line end": variable(
        APPLY, "GITHUB_TOKEN holds", 1, GITHUB_TOKEN=f"{TOKEN}\nX-Evil: 1"
    ),
    "token with an ellipsis": variable(
        INIT, "GITHUB_TOKEN holds", 1, GITHUB_TOKEN=f"{TOKEN}\u2026"
    ),
    "repository word": variable(STATUS, "'shop'", 1, GITHUB_REPOSITORY="shop"),
    "repository climbs": variable(APPLY, "../..", 1, GITHUB_REPOSITORY="../../user"),
    "repository line end": variable(
        INIT, r"shop\n::", 1, GITHUB_REPOSITORY="acme/shop\n::error::x"
    ),
    "hold": variable(
        PROMOTE, r"because\n::error::x", 3, PROMOTE_HOLD="because\n::error::x"
    ),
    "template source": variable(CHECK, "'x' is not", 1, TEMPLATE_SOURCE="x"),
    "template password": variable(
        CHECK, "holds credentials for h", 1, TEMPLATE_SOURCE=f"u:{PASSWORD}@h"
    ),
    "api password without scheme": variable(
        STATUS, "credentials", 1, GITHUB_API_URL=f"u:{PASSWORD}@h"
    ),
    "registry password without scheme": variable(
        GUARD, "credentials", 1, MONOKEEL_REGISTRY=f"u:{PASSWORD}@h"
    ),
    # For urlsplit u is the host, 12 the port, and the rest a path.
    "api password with a slash": variable(
        STATUS, "credentials", 1, GITHUB_API_URL=f"https://u:12/{PASSWORD}@h"
    ),
    "registry password in percents": variable(
        GUARD, "credentials", 1, MONOKEEL_REGISTRY=f"https://u%3A{PASSWORD}%40h"
    ),
    "template password with a slash": variable(
        CHECK, "credentials", 1, TEMPLATE_SOURCE=f"https://u:12/{PASSWORD}@h/x.git"
    ),
    "huge hold": variable(PROMOTE, "more) ...", 3, PROMOTE_HOLD="x" * 100_000),
    "no home": Row(
        args=GUARD[:1], code=1, says="no version given", variables={"HOME": None}
    ),
}
FILES = {
    "toml syntax": toml(STATUS, "[repository]", "[repository", "this is not TOML"),
    "toml too deep": toml(LINT, "[release]", "x = " + "[" * 3000, "this is not TOML"),
    "toml unknown key": toml(RELEASE, "[release]", "[release]\nrulez = 1", "rulez"),
    "toml unicode digits": toml(STATUS, '"0s"', '"\u0663h"', "not a duration"),
    "toml huge number": toml(STATUS, '"0s"', f'"{NINES}d"', "not a duration"),
    "toml path outside": toml(
        BUILD, '"services/api"', '"services/../../x"', "not inside the repository"
    ),
    "toml path with a line end": toml(
        ("services",), '"services/api"', '"services/api\\n::error::x"', "not allowed"
    ),
    "toml build": toml(LINT, 'build = "docker"', "build = 1", "a string"),
    "toml no text": put(GUARD, "infra/platform.toml", b"\xff", "not UTF-8"),
    "rulesets syntax": put(APPLY, "infra/rulesets.json", b"[", "not JSON"),
    "rulesets object": put(DRIFT, "infra/rulesets.json", b"{}", "not a JSON array"),
    "rulesets too deep": put(PLAN, "infra/rulesets.json", b"[" * 99999, "not JSON"),
    "rulesets said twice": put(
        LINT, "infra/rulesets.json", b'[{"name": "a", "name": "b"}]', "twice"
    ),
    "rulesets no body": put(
        APPLY, "infra/rulesets.json", b'[{"name": "main"}]', "rules is missing"
    ),
    "rulesets no pattern": put(
        ("check.branch",), "infra/rulesets.json", b"[]", "no branch_name_pattern"
    ),
    "answers syntax": landed(CHECK, ".copier-answers.yml", b"{", "not YAML"),
    "answers no text": landed(CHECK, ".copier-answers.yml", b"\xff\xfe", "not"),
    **{
        f"answers {name}": landed(CHECK, ".copier-answers.yml", content, "not YAML")
        for name, content in {
            "no date": b"_commit: v1.0.0\nx: 2026-13-45\n",
            "no moment": b"x: !!timestamp x\n",
            "too deep": b"x: " + b"[" * 5000,
            "a program": b"x: !!python/object/apply:os.system [id]\n",
        }.items()
    },
    "built no text": put(
        (*RELEASE, "--built", "infra"), "infra/a.json", b"\xff", "no report of a build"
    ),
    "workflow no text": put(LINT, ".github/workflows/x.yml", b"\xff", "not UTF-8"),
    "local task of ours": put(
        STATUS,
        "tasks_local.py",
        b"from invoke import task\n\n@task\ndef release(c):\n    pass\n",
        "'release'",
    ),
}
NO_TOKEN = {"GITHUB_TOKEN": None, "GH_TOKEN": None}
CLONES = {
    "no repository": clone(BUILD, 1, "no git", lambda s: shutil.rmtree(s / ".git")),
    "no repository, release": clone(
        RELEASE, 1, "is no git repository", lambda s: shutil.rmtree(s / ".git")
    ),
    "no repository, doctor": clone(
        ("doctor",), 1, "is no git repository", lambda s: shutil.rmtree(s / ".git")
    ),
    "no repository, init": clone(
        INIT, 1, "is no git repository", lambda s: shutil.rmtree(s / ".git")
    ),
    "no repository, status": clone(
        STATUS, 1, "is no git repository", lambda s: shutil.rmtree(s / ".git")
    ),
    "no remote": clone(
        PROMOTE, 1, "no remote 'origin'", lambda s: git(s, "remote", "remove", "origin")
    ),
    "other branch": clone(
        RELEASE, 3, "on branch x", lambda s: git(s, "switch", "-q", "-c", "x")
    ),
    "commit not pushed": clone(
        RELEASE, 3, "not on the remote", lambda s: save(s, "feat: more")
    ),
    "no branch": clone(
        ("check.branch",), 1, "no branch is", lambda s: git(s, "checkout", "--detach")
    ),
    "shallow": clone(RELEASE, 3, "shallow", shallow),
    "dirty build": clone(BUILD, 1, "not those of", dirty),
    "no infra": clone(DRIFT, 1, "rulesets.json", lambda s: shutil.rmtree(s / "infra")),
    "infra leads nowhere": clone(STATUS, 1, "infra/platform.toml", dangling),
}
BUILDS = {
    "quotes": builds("make 'x {image} {context}", 1, "cannot be split"),
    "no image": builds("make {context}", 1, "no {image}"),
    "no preset": builds("kaniko", 1, "no preset"),
    "no program": builds("/nowhere {image} {context}", 4, "/nowhere"),
    "fails": builds("false {image} {context}", 4, "ended with 1"),
    "pushes nothing": builds("true {image} {context}", 4, "is not shown yet"),
}
RIGHTS = {
    **{
        f"{args[0]} without token": Row(
            args=args, code=1, says="GITHUB_TOKEN is not set", variables=NO_TOKEN
        )
        for args in (RELEASE, APPLY, INIT, ("policy.export",))
    },
    "promote without token": Row(args=PROMOTE, code=4, says="", variables=NO_TOKEN),
    "rate limit": Row(args=APPLY, code=4, says="rate limit", upset=limited),
}
