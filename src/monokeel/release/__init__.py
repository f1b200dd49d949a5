"""Plan, build and publish one version, once."""
