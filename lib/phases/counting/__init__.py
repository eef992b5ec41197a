"""The engines that count recorded check-ins for the tuning: one that runs here, and one in the cloud."""
