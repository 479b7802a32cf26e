"""Makes Settings for tests. Values that a test does not name have defaults."""
from fbmon.config.reader import Card, Config, Listener, Settings


def listener(index, host='10.0.0.2', port=None, interface='eth0', **fields):
    values = dict(prefix=None, timeout=3000, attempts=1, recovery=1, sources=(), ports=(), shutdown=True, error=None)
    values.update(fields)
    return Listener(index=index, host=host, port=3000 + index if port is None else port, interface=interface, **values)


def card(index, address=None, interface='eth0', prefix=None, error=None, name=None):
    return Card(index, address or '10.0.1.%d' % index, prefix, interface, error, name)


def settings(listeners=(), cards=(), **fields):
    values = dict(log_level='INFO', threshold=1, ports=(), shutdown=True, faulty_ports={}, lease=0, on_change=None,
                  nodes=dict((one.index, one.node) for one in listeners if one.node))
    values.update(fields)
    return Settings(listeners=tuple(listeners), cards=tuple(cards), **values)


def config(*arguments, **fields):
    return Config(settings(*arguments, **fields), (), (), {})
