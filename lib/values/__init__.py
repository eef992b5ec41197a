"""Plain values: how they are written exactly, what they may be, and the words that code compares. No AWS."""
