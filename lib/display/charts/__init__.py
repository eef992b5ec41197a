"""Figures from frames, in one style. No AWS."""
