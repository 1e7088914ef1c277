"""Running: one episode, and many."""
