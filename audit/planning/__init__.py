"""What will be run: matching with reasons, conditions, trial counts, forecast."""
