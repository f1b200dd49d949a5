"""Monokeel: releases, policy, promotion and updates of one GitHub repository."""
