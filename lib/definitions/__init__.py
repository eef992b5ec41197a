"""What is deployed: its files with their one reader, filled, checked, compared and documented. No AWS."""
