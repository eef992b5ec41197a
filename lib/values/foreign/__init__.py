"""What somebody else wrote, read so that nothing in it ends whoever reads it."""
