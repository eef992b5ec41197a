"""Drills on the live workflow: scenarios, edges, temporary subscribers, the runner, and the evaluation of what arrived."""
