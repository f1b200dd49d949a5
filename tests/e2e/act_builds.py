"""What stands in for the builders of a GitHub runner: buildah, docker by buildah."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.base_image import BASE, Builder

_BUILDAH = """\
#!/bin/sh
# buildah with a storage of its own; every build is on the local base image.
export BUILDAH_ISOLATION=chroot
case $1 in bud | build)
    shift
    set -- bud --pull-never --from {base} "$@" ;;
esac
exec {program} {options} "$@"
"""
_DOCKER = """\
#!/bin/sh
# The one command of docker that ci.yml runs.
test "$1" = build || exit 64
shift
exec buildah bud "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Builds:
    """Builds on the local base image of *builder*; *programs* is a folder for PATH."""

    builder: Builder
    programs: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a job needs to find these programs."""
        return {"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}"}


def make_builds(base: Path, *, runnable: bool = False) -> Builds:
    """Make the base image and the programs under *base*.

    Only a *runnable* base has a Python; without it a build is ten times as fast.
    """
    base.mkdir()
    made = Builds(builder=Builder(base), programs=base / "bin")
    if runnable:
        made.builder.make_base(base / "root")
    else:
        (base / "root").mkdir()
        (base / "root/Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
        made.builder.run("build", "--tag", BASE, base / "root")
    made.programs.mkdir()
    options = " ".join(made.builder.options)
    values = {"base": BASE, "program": shutil.which("buildah"), "options": options}
    for name, text in (("buildah", _BUILDAH), ("docker", _DOCKER)):
        path = made.programs / name
        path.write_text(text.format(**values), encoding="utf-8")
        path.chmod(0o755)
    return made
