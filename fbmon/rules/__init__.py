"""What follows from the listeners' states, in names and values that all rooms share. Pure. May use base."""
