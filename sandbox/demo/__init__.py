"""The whole life of a monorepo, told step by step on a local GitHub."""
