"""The running daemon: its wiring, its signals, and the one consumer of the queue. May use every room but cli."""
