"""The differences between Python 2.7 and 3, threads, and the queue between them. May use no other room."""
