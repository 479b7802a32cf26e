"""The running daemon: its wiring, its signals and its controller. May use all rooms but cli."""
