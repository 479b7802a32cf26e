"""What all rooms need: the differences of Python 2.7 and 3 hidden, threads, and a queue. May use no other room."""
