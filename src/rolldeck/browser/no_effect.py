"""What the parts of a page's hands say to each other of an action that came to nothing."""


class NoEffect(Exception):
    """The action could not be done; the text says why, for the agent."""
