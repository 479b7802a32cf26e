"""Sends junk datagrams at a given rate, and prints how many it has sent: flood.py HOST PORT SOURCE RATE SECONDS."""
import socket
import sys
import time

UDP_SEGMENT, PART = 103, 60
JUNK = b'x' * 9


def flood(host, port, source, rate, seconds):
    """Send `rate` datagrams a second for some seconds. Returns how many were sent."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.connect((host, port))
    sock.setblocking(True)
    try:
        # The kernel cuts one large datagram into many small ones (udp(7), since 4.18).
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(JUNK))
        data, many = JUNK * PART, PART
    except EnvironmentError:
        data, many = JUNK, 1
    sent, began = 0, time.time()
    while time.time() - began < seconds:
        ahead = sent / float(rate) - (time.time() - began)
        if ahead > 0.001:
            time.sleep(ahead)
        sock.send(data)
        sent += many
    return sent


if __name__ == '__main__':
    print(flood(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
