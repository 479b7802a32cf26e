"""What all rooms need: one face of Python 2.7 and 3, threads, child processes, a queue, texts, times. May use no other."""
