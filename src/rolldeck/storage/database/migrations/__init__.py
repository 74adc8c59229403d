"""The steps that make the tables what ``models`` says, from any earlier version of them."""
