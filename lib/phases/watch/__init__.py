"""What watches a run after its change: checkpoints, gaps, breaks, and who is told of them."""
