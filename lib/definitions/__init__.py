"""What is deployed: its files with their one reader, filled for an environment, checked, compared and documented. No AWS."""
