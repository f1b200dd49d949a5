"""The program: arguments, environment, wiring, printing, exit codes."""
