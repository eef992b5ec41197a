"""The embedded account to practise on, and what plays in it."""
