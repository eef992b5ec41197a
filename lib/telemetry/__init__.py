"""What AWS says happened: executions, metrics, check-ins, success rate. Reads only."""
