"""Drills on the live workflow: scenarios, edges, temporary subscribers, the runner, the evaluation of what came."""
