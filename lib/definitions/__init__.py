"""What is deployed, as JSON, and `loader`, which alone reads it."""
