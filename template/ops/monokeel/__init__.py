"""The tasks that govern a monorepo: release, policy, drift, promotion, updates."""
