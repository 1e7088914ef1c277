"""What can be asked: packs, composition into a situation, self-test."""
