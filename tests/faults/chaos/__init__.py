"""Faults, injected on purpose: what becomes of rollouts when everything around them dies. See docs/faults.md."""
