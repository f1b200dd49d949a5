"""Run ``sandbox.people_command`` from any folder, such as a clone of the shop.

``python …/sandbox/land.py TITLE FILE...``; the module itself is found only from the
checkout that has it.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # instead of this folder
    runpy.run_module("sandbox.people_command", run_name="__main__")
