"""What a person types: the commands of fbmon.py. May use every other room."""
