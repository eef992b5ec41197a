"""The library of the Your6 Phase 3 runbook: parameters decide, lib computes, runbooks narrate, outputs remember."""

from lib.record.origin import install

install()
