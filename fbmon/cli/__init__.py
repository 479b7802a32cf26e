"""The commands of fbmon.py that a person types. May use all other rooms."""
