"""``python -m sandbox.demo [--keep] [--app]``: exit 0 if the story came true."""

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from sandbox.demo import chapters
from sandbox.demo.story import Story, StoryError
from sandbox.demo.template import ADDRESS, ROOT, release_template
from sandbox.server import Sandbox


def main() -> int:
    """Run all chapters; return 1 and say why when one does not come true."""
    parser = argparse.ArgumentParser(
        prog="./scripts/demo.sh",
        description="The life of a monorepo on a local GitHub.",
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running afterwards"
    )
    parser.add_argument(
        "--app", action="store_true", help="a GitHub App writes, not a deploy key"
    )
    asked = parser.parse_args()
    # Ctrl-C and a kill leave by the with below, which removes everything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell that starts us in the background has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="monokeel-demo-") as name:
        base = Path(name)
        with Sandbox() as box:
            story = Story(
                base / "shop",
                environment(base, box),
                {str(base / "home"): "~", str(base): ".."},
            )
            try:
                _tell(story, box, base, by_app=asked.app)
            except StoryError as error:
                sys.stderr.write(f"\nThe story broke: {error}\n")
                return 1
            except KeyboardInterrupt:
                return 130
            if asked.keep:
                _stay(story, box)
    return 0


def _tell(story: Story, box: Sandbox, base: Path, *, by_app: bool) -> None:
    story.say(
        "A monorepo's life on a local GitHub. Every command below really runs;"
        " digests and commits are shortened."
    )
    template = base / "template"
    tag = release_template(template)
    chapters.render(story, tag, by_app=by_app)
    if by_app:
        chapters.connect_app(story, box)
    else:
        chapters.connect(story, box)
    chapters.land_a_feature(story, box)
    chapters.release(story, "1.0.0")
    chapters.promote_everywhere(story)
    chapters.refuse_an_overwrite(story, box)
    chapters.find_drift(story, box)
    chapters.survive_a_crash(story, box)
    chapters.roll_back(story)
    chapters.update_the_template(story, box, template)
    chapters.look_at_the_end(story, box)


def environment(base: Path, box: Sandbox) -> dict[str, str]:
    """Return an environment that knows this sandbox and nothing of its user."""
    home = base / "home"
    home.mkdir()
    (base / "tmp").mkdir()
    (home / ".gitconfig").write_text(
        "[user]\nname = Ann Example\nemail = ann@example.com\n"
        "[init]\ndefaultBranch = main\n"
    )
    ours = box.environ()
    number = int(ours.get("GIT_CONFIG_COUNT", "0"))
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MONOKEEL_PYTHON": sys.executable,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "TMPDIR": str(base / "tmp"),  # what Copier and git leave goes with the rest
        "MONOKEEL_BUILD": f"{sys.executable} -m sandbox.packer"
        " {context} {image} {commit}",
        "COPIER_CACHE_DIR": str(base / "copier"),
        **ours,
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"url.file://{base / 'template'}.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": ADDRESS,
    }


def _stay(story: Story, box: Sandbox) -> None:
    sys.stdout.write("\nThe local GitHub is still running. To look around:\n\n")
    for name, value in sorted(story.environment.items()):
        if name not in {"PATH", "HOME", "LANG"} and "\n" not in value:
            sys.stdout.write(f"  export {name}='{value}'\n")
    sys.stdout.write(
        f"  cd {story.folder}\n\n"
        "  ./inv status                      what runs where\n"
        f"  curl {box.url}/repos/{box.repository}/releases\n"
        f"  git clone {box.clone_url}\n\n"
        "Ctrl-C ends it and removes everything.\n"
    )
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
