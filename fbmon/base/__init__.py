"""What all rooms need: one face of Python 2.7 and 3, threads, children, a queue, texts. May use no other room."""
