"""What it means: rates, rating, findings."""
