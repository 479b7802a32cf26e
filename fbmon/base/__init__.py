"""What Python 2.7 and 3 do differently, threads, and the queue between them. May use no other room."""
