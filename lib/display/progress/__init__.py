"""What moves while somebody waits: cells, drills, a watch."""
