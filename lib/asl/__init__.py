"""The language of the state machine: its values and its functions. No AWS."""
