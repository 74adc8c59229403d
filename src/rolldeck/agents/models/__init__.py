"""What agents that ask a model have in common: requests, prompt, parameters, prices, and the turns of a conversation."""
