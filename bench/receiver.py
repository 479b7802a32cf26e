"""Receives datagrams with one thread for each port and does nothing else: what the heartbeats cost any daemon.

    python2.7 bench/receiver.py HOST PORT COUNT

Port n of COUNT is PORT + n.
"""
import signal
import socket
import sys
import threading


def receive(host, port):
    """Receive datagrams at one port for ever."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    while True:
        sock.recvfrom(1)


for number in range(int(sys.argv[3])):
    thread = threading.Thread(target=receive, args=(sys.argv[1], int(sys.argv[2]) + number))
    thread.daemon = True
    thread.start()
signal.pause()
