"""Recorded check-ins of any number, as Parquet by day: converted once, counted by one SQL text. Keeps no words."""
