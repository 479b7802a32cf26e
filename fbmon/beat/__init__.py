"""Sends heartbeats of a node for as long as a command says that it works. May use tell and the rooms below it.

The package fastbypass-beat has this room, and of the others only what it needs.
"""
