"""The commands as invoke shows them: arguments, environment, wiring, exit codes."""
