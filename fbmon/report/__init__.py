"""What happened in a period, from the journal's transitions: figures, and their faces. Pure. May use all but cli."""
