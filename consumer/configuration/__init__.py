"""Reading the configuration, and saying of every mistake at once where it is, what is wrong and what would be right."""
