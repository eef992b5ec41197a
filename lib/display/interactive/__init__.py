"""What changes while somebody looks at it: cells that run, drills, a watch, sliders."""
