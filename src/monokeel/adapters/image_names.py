"""Which names and tags of images a registry takes."""

import re
from typing import Final

from monokeel.ground.errors import UsageError

_NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*\Z")
_REFERENCE: Final = re.compile(
    r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z|sha256:[0-9a-f]{64}\Z"
)


def check_image(image: str, reference: str = "") -> None:
    """Raise UsageError if *image* is no name, or *reference* no tag or digest."""
    if not _NAME.match(image):
        raise UsageError(
            f"{image!r} cannot be the name of an image",
            fix="Names of images are lower case: letters, digits, '.', '_', '-', '/'.",
        )
    if reference and not _REFERENCE.match(reference):
        raise UsageError(
            f"{reference!r} cannot be the tag of an image",
            fix="Tags have letters, digits, '.', '_' and '-'; no '+', at most 128.",
        )
