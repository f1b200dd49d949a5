"""Rendered projects for the tests, and what a golden file says about one."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import yaml
from copier import run_copy

from monokeel.ground.settings import Settings, parse_settings

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template"
GOLDEN = Path(__file__).parent / "golden"
WORKING_TREE = "v9999.0.0"

Answers = Mapping[str, object]
Render = Callable[[Answers], Path]

# Every conditional path of the template is reached by one of these.
ANSWER_SETS: dict[str, Answers] = {
    "defaults": {},
    "small": {
        "owner": "Ann-Example",
        "repository": "Mailer_2.0",
        "description": 'Sends "mail" & {counts} it',
        "services": [{"name": "mailer", "kind": "worker", "path": "jobs/mailer"}],
        "environments": [{"name": "prod"}],
        "registry": "localhost:5000",
        "build": "make image CONTEXT={context} IMAGE={image}",
        "release_rules": "angular",
        "required_reviews": 0,
        "codeowners": "",
        "security_contact": "security@example.com",
        "license": "LicenseRef-Proprietary",
    },
    "large": {
        "services": [
            {"name": "orders", "kind": "api", "path": "apps/orders"},
            {"name": "billing", "kind": "api"},
            {"name": "site", "kind": "web", "path": "apps/site"},
            {"name": "admin", "kind": "web"},
            {"name": "mail-out", "kind": "worker", "path": "jobs/mail/out"},
        ],
        "environments": [
            {"name": "test", "prerelease": True},
            {"name": "eu", "soak": "24h", "reviewers": True},
            {"name": "us-east-1", "soak": "2d", "reviewers": True},
        ],
        "build": "buildah",
        "required_reviews": 2,
        "codeowners": "@acme/platform @ann ann@example.com",
    },
}


def questions() -> dict[str, dict[str, object]]:
    """Return the questions of copier.yml, those that are never asked too."""
    loaded = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {name: each for name, each in loaded.items() if not name.startswith("_")}


def git(directory: Path, *arguments: str) -> str:
    """Return what git prints in *directory*."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


def tracked(*paths: str) -> list[str]:
    """Return the files under *paths* of this repository that Git does not ignore."""
    listed = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z", "--", *paths)
    return sorted(set(filter(None, listed.split("\0"))))


def copy_source(target: Path) -> Path:
    """Make *target* a repository whose tag v9999.0.0 is this working template."""
    target.mkdir(parents=True)
    git(target, "init", "-q", "-b", "main")
    for name in tracked("copier.yml", "questions", "TEMPLATE_VERSION", "template"):
        if os.path.lexists(ROOT / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    identity = ("-c", "user.name=Ann Example", "-c", "user.email=ann@example.com")
    git(target, "add", "-A", "-f")
    git(target, *identity, "commit", "-q", "-m", "tree")
    git(target, *identity, "tag", "-a", "-m", "tree", WORKING_TREE)
    return target


def render(source: Path, target: Path, answers: Answers) -> Path:
    """Render *source* into *target*; AssertionError for an answer nobody asked for."""
    unknown = answers.keys() - questions().keys()
    assert not unknown, f"no such question: {unknown}"
    run_copy(
        str(source),
        target,
        data=dict(answers),
        defaults=True,
        quiet=True,
        vcs_ref=WORKING_TREE,
    )
    return target


def files(tree: Path) -> list[str]:
    """Return the paths of all files under *tree*, sorted, with forward slashes."""
    return sorted(
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_file() or path.is_symlink()
    )


def settings(tree: Path) -> Settings:
    """Return the parsed infra/platform.toml of *tree*."""
    return parse_settings((tree / "infra/platform.toml").read_text(encoding="utf-8"))


def seed_folder(kind: str) -> Path:
    """Return the folder in template/ that makes the services of *kind*."""
    [folder] = TEMPLATE.glob(f"*yield*svc.{kind} *")
    return folder


def plain_origin(tree: Path, name: str) -> Path | None:
    """Return the file of template/ that *name* is a copy of; None if it is rendered."""
    for service in settings(tree).services:
        if name.startswith(f"{service.path}/"):
            inside = name.removeprefix(f"{service.path}/")
            origin = seed_folder(service.kind) / inside
            return origin if origin.is_file() else None
    origin = TEMPLATE / name
    return origin if origin.is_file() else None


def golden_lines(tree: Path) -> Iterator[str]:
    """Yield ``mode sha256 path`` for every file of *tree* that Jinja rendered.

    The lines of the answers file that change with every release are left out.
    """
    for name in files(tree):
        if name == "TEMPLATE_VERSION" or plain_origin(tree, name) is not None:
            continue
        content = (tree / name).read_bytes()
        if name == ".copier-answers.yml":
            kept = content.splitlines(keepends=True)
            content = b"".join(
                line for line in kept if not line.startswith((b"_commit", b"_src_path"))
            )
        mode = "755" if os.access(tree / name, os.X_OK) else "644"
        yield f"{mode} {hashlib.sha256(content).hexdigest()} {name}"


def leaks(text: str) -> list[str]:
    """Return what looks like template code that nobody rendered in *text*.

    ``${{`` is GitHub's, ``{owner}/{repo}`` is that of `gh api` and of an image pattern.
    """
    names = "|".join(questions())
    code = rf"\{{%|%\}}|\{{\{{|\{{#|\{{\s*(?:{names})\s*\}}"
    return re.findall(code, re.sub(r"\$\{\{|\{owner\}/\{repo(?:sitory)?\}", "", text))
