"""Who may write: the actors, the process that hosts them, and the way to them."""
