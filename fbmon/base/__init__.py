"""What all rooms need: one face of Python 2.7 and 3, threads, a queue, texts and times. May use no other room."""
