"""The doors to the outside: git, GitHub, registries, builders, Copier."""
