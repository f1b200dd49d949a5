"""Release one version once: plan it, build it, publish it, or take it back."""
