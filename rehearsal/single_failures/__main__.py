"""`python -m rehearsal.single_failures`."""

from rehearsal.single_failures.trials import silence

if __name__ == "__main__":
    silence()
