"""Follow the template: is there a newer one, bring it in, verify what it delivered."""
