"""A local GitHub: REST, git over HTTP and a registry, on loopback only."""
