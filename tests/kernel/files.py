"""The configuration files that the tests use, and what they make of the switch."""

# The example of the README, to the letter.
EXAMPLE = '''LOG_LEVEL=INFO
LISTEN_HEARTBEAT_IFS=eth0
BYPASS_CARD_IFS=eth0
LISTEN_HEARTBEAT_FAILED=1
LISTEN_HEARTBEAT_ATTEMPTS=1
LISTEN_HEARTBEAT_TIMEOUT=3000
LISTEN_HB_HOST[0]=192.168.1.202
LISTEN_HB_PORT[0]=3000
LISTEN_HB_HOST[1]=192.168.1.202
LISTEN_HB_PORT[1]=3100
BYPASS_CARD_HOST[0]=192.168.1.211
BYPASS_CARD_HOST[1]=192.168.1.212
'''

# The same with a shorter timeout, and with one port in each kind of list. One failed node makes a bypass.
SMALL = EXAMPLE.replace('TIMEOUT=3000', 'TIMEOUT=300') + '''LISTEN_CUBRO_IFS=sw0
LISTEN_CUBRO_IFS[0]=sw1
LISTEN_CUBRO_IFS[1]=sw2
'''

# SMALL, with three nodes that have a name and a port each, and no port for all.
THREE = SMALL.replace('LISTEN_CUBRO_IFS=sw0\n', '') + '''LISTEN_HB_HOST[2]=192.168.1.202
LISTEN_HB_PORT[2]=3200
LISTEN_CUBRO_IFS[2]=sw3
LISTEN_HB_NODE[0]=dpi-1
LISTEN_HB_NODE[1]=dpi-2
LISTEN_HB_NODE[2]=dpi-3
'''

# SMALL, with an IPv6 address for one of its listeners and for one of its cards.
SIX = SMALL.replace('HOST[1]=192.168.1.202', 'HOST[1]=fd00::202').replace('192.168.1.212', 'fd00::212/64')

# SMALL, with a timeout that is longer than any test takes.
PATIENT = SMALL.replace('TIMEOUT=300', 'TIMEOUT=60000')

OWN = '192.168.1.200/24'
CARDS = ['192.168.1.211/32', '192.168.1.212/32']

# The addresses of eth0 and the states of sw0 ... sw3 in normal, and in bypass after the node of listener 1 has failed.
NORMAL = [OWN, '192.168.1.202/32'] + CARDS
BYPASS = [OWN, '192.168.1.202/32']
PORTS_NORMAL = 'up up up up'
PORTS_BYPASS = 'down up down up'


def without(text, *words):
    """The text of a file without the lines that have one of these words."""
    return ''.join(line for line in text.splitlines(True) if not any(word in line for word in words))
