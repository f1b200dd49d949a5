"""Move an environment to a release, and say what runs where."""
