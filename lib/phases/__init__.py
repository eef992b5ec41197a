"""One module a notebook, of its name; `session` with which each begins, and what undoes a run."""
