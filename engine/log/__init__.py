"""What is remembered: an append-only log of commit groups, and the state that follows from it."""
