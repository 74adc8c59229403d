"""The Docker runtime: each environment is a network of its own with a container for each service of a composition.

A *session* is what one Rolldeck process holds. Everything that it makes in the engine carries labels (``labels``) with
the installation, the session and the rollout from the moment that it exists, and so can be found and removed by
whoever is left. How a rollout's network is closed, and reached nevertheless: ``docs/decisions/0010``.
"""
