"""The tasks of this repository: those of every repository made from the template."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "template" / "ops"))

from monokeel.tasks import collection  # noqa: E402 - ops/ must be on the path first

namespace = collection(ROOT)
