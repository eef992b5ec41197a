"""What watches the workflow: its log group, the metrics made from it, alarms, and widgets on the dashboard."""
