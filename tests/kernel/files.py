"""Configuration files of the tests."""

# The user's page, to the letter.
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

# The same, quicker, with a port for each kind of list. A node that fails makes a bypass.
SMALL = EXAMPLE.replace('TIMEOUT=3000', 'TIMEOUT=300') + '''LISTEN_CUBRO_IFS=sw0
LISTEN_CUBRO_IFS[0]=sw1
LISTEN_CUBRO_IFS[1]=sw2
'''

# The same with one listener and one card by IPv6.
SIX = SMALL.replace('HOST[1]=192.168.1.202', 'HOST[1]=fd00::202').replace('192.168.1.212', 'fd00::212/64')

# Listeners that wait longer than any test takes.
PATIENT = SMALL.replace('TIMEOUT=300', 'TIMEOUT=60000')

OWN = '192.168.1.200/24'
CARDS = ['192.168.1.211/32', '192.168.1.212/32']

# What eth0 and sw0 ... sw3 are in normal, and in bypass after the node of listener 1 has failed.
NORMAL = [OWN, '192.168.1.202/32'] + CARDS
BYPASS = [OWN, '192.168.1.202/32']
PORTS_NORMAL = 'up up up up'
PORTS_BYPASS = 'down up down up'


def without(text, *words):
    """A file without the lines that hold one of these words."""
    return ''.join(line for line in text.splitlines(True) if not any(word in line for word in words))
