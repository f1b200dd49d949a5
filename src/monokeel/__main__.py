"""``python -m monokeel``: the program."""

from monokeel.tasks.program import main

main()
