"""Connect a repository to GitHub, and say what is missing."""
