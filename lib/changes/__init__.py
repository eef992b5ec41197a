"""Plan, apply, verify and undo, over things that have `read()` and `write(value)`. No AWS."""
