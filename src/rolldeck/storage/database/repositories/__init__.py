"""The ports of ``storage.port`` on the database."""
