"""Bringing a record together with its store, and what of the store is believed. No AWS."""
