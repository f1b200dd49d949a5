"""The steps of one user action each; what they need comes in as Protocols."""
