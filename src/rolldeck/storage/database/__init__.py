"""The database: tasks, rollouts and steps. ``Database`` is all that others need."""

from rolldeck.storage.database.database import Database

__all__ = ["Database"]
