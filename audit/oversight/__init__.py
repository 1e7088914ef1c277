"""What should have stood in the way: controls and their catalogue."""
