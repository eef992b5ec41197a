"""The commands by which a run is followed after its change: watched, and signed."""
