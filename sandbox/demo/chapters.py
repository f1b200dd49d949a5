"""The chapters of the demo. Each tells, runs, and fails if it does not come true."""

import copy
import os
import signal
from pathlib import Path

from sandbox.actors import OWN_APP
from sandbox.demo.story import Story, StoryError
from sandbox.demo.template import ADDRESS, release_next_template
from sandbox.people import call, land
from sandbox.server import Sandbox

_BY_HAND = "1.1.0"


def render(story: Story, tag: str, *, by_app: bool = False) -> None:
    """Make the repository from the template; *by_app*: a GitHub App writes in it."""
    story.chapter("A repository from the template", "No --trust: it runs nothing.")
    parent = Story(story.folder.parent, story.environment, {})
    story.say(f"\n$ copier copy --defaults -r {tag} {ADDRESS} shop")
    parent.run(
        *("copier", "copy", "--quiet", "--defaults", "-r", tag, ADDRESS, "shop"),
        show=False,
    )
    if by_app:
        _name_the_app(story.folder / "infra")
    files = [path for path in story.folder.rglob("*") if path.is_file()]
    tops = sorted(path.name for path in story.folder.iterdir())
    story.say(f"  {len(files)} files: {' '.join(tops)}")
    for command in (
        ("git", "init", "-q", "-b", "main"),
        ("git", "add", "-A"),
        ("git", "commit", "-q", "-m", "chore: start from the template"),
        ("git", "remote", "add", "origin", "https://github.com/acme/shop.git"),
        ("git", "push", "-q", "-u", "origin", "main"),
    ):
        story.run(*command)


def _name_the_app(infra: Path) -> None:
    """Write into both files that the App may pass, as the how-to says."""
    path = infra / "platform.toml"
    named = f'writer = "app"\napp_id = {OWN_APP}'
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('writer = "deploy-key"', named), encoding="utf-8")
    path = infra / "rulesets.json"
    actor = f'"actor_id": {OWN_APP}, "actor_type": "Integration"'
    text = path.read_text(encoding="utf-8")
    text = text.replace('"actor_id": null, "actor_type": "DeployKey"', actor)
    path.write_text(text, encoding="utf-8")


def connect(story: Story, box: Sandbox) -> None:
    """Give it its key, environments and rules."""
    story.chapter(
        "Connected to GitHub",
        "Only one deploy key may write what the rules protect. The rules go up last.",
    )
    story.run("./inv", "init", "--register-key", "--yes", code=3, only="deploy keys")
    story.say("\n   An owner allows them there; the same command finishes:")
    box.allow_deploy_keys()
    story.run("./inv", "init", "--register-key", "--yes")
    key = Path(story.environment["HOME"]) / ".config/monokeel/acme-shop"
    story.environment["MONOKEEL_DEPLOY_KEY"] = key.read_text()
    story.say('\n$ export MONOKEEL_DEPLOY_KEY="$(cat ~/.config/monokeel/acme-shop)"')
    _refuse_everybody_else(story)


def connect_app(story: Story, box: Sandbox) -> None:
    """Give it an App that writes, environments and rules."""
    story.chapter(
        "Connected to GitHub",
        "Only one GitHub App may write what the rules protect. The rules go up last.",
    )
    key = Path(story.environment["HOME"]) / "app.pem"
    args = ("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", str(key))
    story.run("ssh-keygen", *args, show=False)
    public = key.with_suffix(".pem.pub").read_text()
    box.register_app(public, "contents:write", "workflows:write")
    story.environment["MONOKEEL_WRITER_KEY"] = key.read_text()
    story.say('\n$ export MONOKEEL_WRITER_KEY="$(cat ~/app.pem)"')
    story.run("./inv", "init", "--key-file", str(key), "--yes")
    _refuse_everybody_else(story)


def _refuse_everybody_else(story: Story) -> None:
    story.run("./scripts/apply-rulesets.sh")
    story.run("git", "push", "origin", "HEAD:env/prod", code=1, only="GH013")
    if story.run("git", "ls-remote", "origin", "refs/heads/env/prod", show=False):
        raise StoryError("env/prod moved without the writer")
    story.say("  Nobody pushes to env/prod by hand.")


def land_a_feature(story: Story, box: Sandbox) -> None:
    """Bring a change to main the only way there is."""
    story.chapter("A feature lands", "By pull request: check, review, squash merge.")
    _land(story, box, "feat(api): greet by name", {"services/api/NAMES.md": "Ann\n"})


def land_a_fix(story: Story, box: Sandbox, service: str) -> None:
    """Bring a small change of *service* to main."""
    path = f"services/{service}/FIXES.md"
    _land(story, box, f"fix({service}): answer at once", {path: "1\n"})


def release(story: Story, version: str) -> None:
    """Plan, then publish three images, a tag and a release."""
    story.chapter(
        f"Release {version}", "The plan says why; then three images, one tag."
    )
    story.run("./inv", "release", "--dry-run")
    story.run("./inv", "release", only=f"v{version}: ")
    story.say("\n   Once more changes nothing:")
    story.run("./inv", "release", only="release:")


def promote_everywhere(story: Story) -> None:
    """Move dev, staging and prod to it; a wrong order is refused."""
    story.chapter("1.0.0 goes from dev to prod", "An order that skips is refused.")
    story.run("./inv", "promote", "--env", "prod", "--version", "1.0.0", code=3)
    _promote_everywhere(story, "1.0.0")
    story.run("./inv", "promote", "--env", "dev", "--version", "9.9.9", code=3)
    story.run("./inv", "status")


def refuse_an_overwrite(story: Story, box: Sandbox) -> None:
    """Refuse to overwrite an image that has the next version already."""
    story.chapter(
        "An overwrite is refused",
        f"Somebody pushes api:{_BY_HAND} from a laptop before the next release.",
    )
    _land(story, box, "feat(web): show the cart", {"services/web/CART.md": "cart\n"})
    image = f"{box.registry_url.removeprefix('http://')}/acme/shop/api:{_BY_HAND}"
    commit = story.run("git", "rev-parse", "HEAD~1", show=False).strip()
    pack = ("python", "-m", "sandbox.packer", "services/api", image, commit)
    story.run(*pack, show=False)
    box.images.settle()  # it was a while ago
    story.say(f"\n$ docker push {image}     (not by our release)")
    before = _digest(box, _BY_HAND)
    story.run("./inv", "guard", "--version", _BY_HAND, code=3)
    story.run("./inv", "release", code=3, only="error")
    after = _digest(box, _BY_HAND)
    if after != before:
        raise StoryError(f"api:{_BY_HAND} changed from {before} to {after}")
    story.say(f"  api:{_BY_HAND} is still {after[:19]}…")
    story.say("\n   The name is lost. The next one is free, and the file says why:")
    settings = story.folder / "infra/platform.toml"
    text = settings.read_text().replace("skip = []", f'skip = ["{_BY_HAND}"]')
    _land(story, box, f"chore: never use {_BY_HAND}", {"infra/platform.toml": text})
    story.run("./inv", "release", only="v1.1.1: ")
    _promote_everywhere(story, "1.1.1")


def find_drift(story: Story, box: Sandbox) -> None:
    """Find a rule that was changed by hand, and put it back."""
    story.chapter("Drift", "An admin switches reviews off, by hand, on a Friday.")
    story.run("./inv", "drift")
    switch_reviews_off(box)
    story.run("./inv", "drift", code=2)
    story.run("./scripts/apply-rulesets.sh")
    story.run("./inv", "drift", "--only", "rulesets")


def survive_a_crash(story: Story, box: Sandbox) -> None:
    """Kill a release in the middle; the same command finishes it."""
    story.chapter(
        "A release is killed in the middle",
        "SIGKILL when the first image has its version; nothing else has it yet.",
    )
    _land(story, box, "fix(worker): count once", {"services/worker/FIX.md": "1\n"})
    process = story.start("./inv", "release")
    box.on_write = lambda _, method, path: (
        os.kill(process.pid, signal.SIGKILL)
        if method == "PUT" and path.endswith("/manifests/1.1.2")
        else None
    )
    process.communicate(timeout=60)
    box.on_write = None
    if process.returncode != -signal.SIGKILL:
        raise StoryError(f"the release was not killed but ended: {process.returncode}")
    story.say("  Killed. The version is claimed, not tagged; nobody else can take it:")
    story.run(
        "git", "ls-remote", "origin", "refs/tags/monokeel-claim/*", "refs/tags/v1.1.*"
    )
    story.run("./inv", "release")
    story.say("\n   Once more changes nothing:")
    story.run("./inv", "release", only="release:")


def roll_back(story: Story) -> None:
    """Production goes back to the release before."""
    story.chapter("A rollback", "1.1.2 reaches prod, and prod goes back.")
    _promote_everywhere(story, "1.1.2")
    story.run(
        *("./inv", "promote", "--env", "prod", "--rollback"),
        *("--reason", "the cart is empty"),
    )
    story.run("./inv", "history", "--env", "prod")


def update_the_template(story: Story, box: Sandbox, template: Path) -> None:
    """Bring in a newer template; the team's own edit stays."""
    story.chapter(
        "A template update",
        "The team has edited a file that the template owns; the edit is kept.",
    )
    path = "docs/OPERATIONS.md"
    text = (story.folder / path).read_text()
    first, _, rest = text.partition("\n")
    edited = f"{first}\n\nOn call: ann@example.com\n{rest}"
    _land(story, box, "docs: say who is on call", {path: edited})
    tag = release_next_template(template)
    story.run("./inv", "template.check", code=2)
    story.run("./inv", "template.update")
    merged = story.run("git", "show", f"template/{tag}:{path}", show=False)
    if "On call: ann@example.com" not in merged or "## Questions" not in merged:
        raise StoryError(f"{path} lost an edit")
    story.say(f"  {path} holds the team's line and the template's new chapter.")


def look_at_the_end(story: Story, box: Sandbox) -> None:
    """Show what runs where; nothing of GitHub's contract was broken."""
    story.chapter("The end")
    story.run("./inv", "status")
    findings = box.violations()
    if findings:
        raise StoryError("GitHub's description was broken: " + "; ".join(findings))
    story.say(
        f"\n{len(box.exchanges)} requests and answers, each as GitHub's OpenAPI"
        " description says."
    )


def _land(story: Story, box: Sandbox, title: str, files: dict[str, str]) -> None:
    land(box, title, files)
    story.run("git", "pull", "-q", "--tags", "origin", "main", show=False)
    merged = story.run("git", "log", "-1", "--format=%s", show=False).strip()
    story.say(f"\n   checked, approved, merged: {merged}")


def _promote_everywhere(story: Story, version: str) -> None:
    for name in ("dev", "staging", "prod"):
        story.run(
            *("./inv", "promote", "--env", name, "--version", version), only="env/"
        )


def _digest(box: Sandbox, tag: str) -> str:
    return box.images.repositories["acme/shop/api"].tags[tag]


def switch_reviews_off(box: Sandbox) -> None:
    """Change a rule by hand, as somebody in a hurry does."""
    listed = call(box, "GET", "/rulesets", who="admin")
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each["name"] != "main":
            continue
        path = f"/rulesets/{each['id']}"
        ruleset = copy.deepcopy(call(box, "GET", path, who="admin"))
        rules = ruleset["rules"] if isinstance(ruleset, dict) else []
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, dict) and rule["type"] == "pull_request":
                parameters = rule["parameters"]
                if isinstance(parameters, dict):
                    parameters["required_approving_review_count"] = 0
        call(box, "PUT", path, {"rules": rules}, who="admin")
