"""Stands for the package of that name, which Superset's Redis client wants from Pythons before 3.11.3, such as Debian's."""

from asyncio import timeout as timeout
