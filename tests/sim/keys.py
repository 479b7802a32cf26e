"""The lines that a configuration file of the second kind has beyond the others: nodes, return, observe, shutdown."""

# ms. Doubling increases a delay to so many times its length at most.
DELAYS, TIMES = (0, 500, 1000, 2000, 4000), (None, 1, 2, 8)
CARRIERS = (0, 0, 500, 1000, 3000)

PORTS = ['LISTEN_CUBRO_IFS=sw0 sw1', 'LISTEN_SHUTDOWN_CUBRO_IFS_WHEN_BYPASS=1']

# A file of the second kind with one of these lines has a mistake. (A value given twice: the last one counts.)
FAULTS = ('BYPASS_RETURN=never', 'BYPASS_RETURN_DELAY=1h', 'BYPASS_RETURN_DELAY=4000000', 'BYPASS_RETURN_DELAY_MAX=-1',
          'BYPASS_RETURN_CARRIER=on', 'OBSERVE=2', 'BYPASS_ON_SHUTDOWN=perhaps', 'LISTEN_HB_NODE[7]=a',
          'LISTEN_HEARTBEAT_FAILED=9', 'nonsense')

# How often such a file only observes.
OBSERVES = .06


def lines(dice, indexes):
    """The lines, with LISTEN_HEARTBEAT_FAILED, which counts nodes. indexes: those of the listeners."""
    names = dict((index, dice.choice((None, 'a', 'a', 'b'))) for index in indexes)
    count = len(set(names[index] or index for index in indexes))
    found = ['LISTEN_HEARTBEAT_FAILED=%d' % (1 + dice.randrange(count))]
    found += ['LISTEN_HB_NODE[%d]=%s' % (index, names[index]) for index in indexes if names[index]]
    found += ['BYPASS_RETURN=%s' % how for how in [dice.choice((None, 'auto', 'auto', 'auto', 'manual'))] if how]
    delay, times, carrier = dice.choice(DELAYS), dice.choice(TIMES), dice.choice(CARRIERS)
    found += ['BYPASS_RETURN_DELAY=%d' % delay] if delay else []
    found += ['BYPASS_RETURN_DELAY_MAX=%d' % (delay * times)] if delay and times else []
    found += ['BYPASS_RETURN_CARRIER=%d' % carrier] if carrier else []
    # In most cases there is a port to wait for. (A list that is given twice: the last one counts.)
    found += PORTS if carrier and dice.random() < .6 else []
    found += ['OBSERVE=1'] if dice.random() < OBSERVES else []
    return found + ['BYPASS_ON_SHUTDOWN=%s' % how for how in [dice.choice((None, '1', '0'))] if how]
