"""Every task of the workflow broken in every way, and who was reached."""
