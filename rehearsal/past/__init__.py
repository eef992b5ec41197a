"""The weeks before a rehearsal: synthetic check-ins of synthetic people, with a rhythm, noise and incidents."""
