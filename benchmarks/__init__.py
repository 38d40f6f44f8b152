"""Measurements of qmlc beside others; README.md says how to run them."""
