"""The repository's rules as code: read, compared, planned, written."""
