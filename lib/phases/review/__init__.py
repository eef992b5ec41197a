"""What becomes of a review: who signs it."""
