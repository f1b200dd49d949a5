"""Move an environment branch to a release: gates, record, move, confirm."""
