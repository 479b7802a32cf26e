"""The commands of fbmon.py that a person types. May use every other room."""
