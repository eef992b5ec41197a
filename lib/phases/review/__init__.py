"""What a review looks at, what it answers and shows, and who signs it."""
