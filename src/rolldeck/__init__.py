"""Rolldeck: parallel rollouts of browser agents in real web applications."""

from importlib.metadata import version

__version__ = version("rolldeck")
