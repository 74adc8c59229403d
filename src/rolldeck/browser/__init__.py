"""Chromium for rollouts: a context per rollout, acting and reading on its one page, one origin to reach."""
