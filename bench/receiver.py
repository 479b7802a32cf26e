"""Receives datagrams and does nothing with them, a thread for each port: what the heartbeats cost any daemon.

    python2.7 bench/receiver.py HOST PORT COUNT
"""
import signal
import socket
import sys
import threading


def receive(host, port):
    """For ever."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    while True:
        sock.recvfrom(1)


for number in range(int(sys.argv[3])):
    thread = threading.Thread(target=receive, args=(sys.argv[1], int(sys.argv[2]) + number))
    thread.daemon = True
    thread.start()
signal.pause()
