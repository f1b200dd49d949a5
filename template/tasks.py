"""The tasks of this repository: `./inv --list` shows them.

They live in `ops/`. What a team adds stands in `tasks_local.py`, which no template
update ever touches.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "ops"))

from monokeel.tasks import collection  # noqa: E402 - ops/ must be on the path first

namespace = collection(ROOT)
