"""The tasks of this repository: `./inv --list` shows them.

They come with the package in `ops/`. What a team adds stands in `tasks_local.py`, which
no template update ever touches.
"""

from monokeel.tasks.program import for_invoke

namespace = for_invoke()
