"""What a phase proves beyond its plan."""
