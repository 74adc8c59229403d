"""Records a rollout's page: frames polled from the page and every step's screenshot, as one H.264 MP4."""
