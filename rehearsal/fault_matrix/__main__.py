"""`python -m rehearsal.fault_matrix`."""

from rehearsal.fault_matrix.matrix import faults

if __name__ == "__main__":
    faults()
