"""What is done in the background, by one replica at a time: nothing waits for it."""
