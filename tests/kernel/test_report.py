"""The report about what a real daemon has written, in its own words."""
import json
import os
import shutil
import time

import helpers
from fbmon.memory import rundir
from kernel import files

NODES = 3000, 3100, 3200


def report(daemon):
    """The report as JSON; None if there is no journal yet."""
    code, output, errors = daemon.command('report', '--since', '1h', '--json')
    assert code in (0, 1), errors
    return json.loads(output) if code == 0 else None


def life(daemon):
    """The time of its last sign of life. What comes between that and its death counts as nobody's."""
    return os.stat(os.path.join(daemon.run_dir, rundir.LIFE)).st_mtime


def test_the_report_says_what_a_daemon_went_through(daemon, dpis):
    dpis.steady(*NODES, interval=50)
    daemon.start(files.THREE.replace('FAILED=1', 'FAILED=2').replace('TIMEOUT=300', 'TIMEOUT=1000'))
    daemon.wait_state('normal')
    daemon.command('override', 'bypass', '--reason', 'fibre work: <1 h>')
    daemon.wait_state('bypass')
    daemon.command('override', 'off')
    daemon.wait_state('normal')
    dpis.silence(3000, 3100)
    daemon.wait_state('bypass')
    seen = time.time()
    helpers.wait_for(lambda: daemon.status() and life(daemon) > seen)
    daemon.kill()
    daemon.start()
    daemon.wait_state('bypass')
    dpis.steady(3000, 3100, interval=50)
    daemon.wait_sound('normal')
    daemon.stop()

    # A process of its own writes the journal, and may still be about to.
    found = helpers.wait_for(lambda: [one for one in [report(daemon)] if one and one['unwatched']
                                      and one['unwatched'][-1]['end'] is None])[0]

    override, outage = found['bypasses']
    assert [(one['cause'], one['why']) for one in override['causes']] == [('operator', 'fibre work: <1 h>')]
    assert [(one['cause'], one['who']) for one in outage['causes']] == [
        ('nodes', 'dpi-1, dpi-2'), ('no daemon', None)]
    assert sorted(one['cause'] for one in found['causes']) == ['no daemon', 'nodes', 'operator']
    assert [(one['name'], one['failures']) for one in found['nodes']] == [('dpi-1', 1), ('dpi-2', 1)]
    assert [one['what'] for one in found['actions']] == ['override bypass', 'override off']
    assert [(one['absences'], one['foreign']) for one in found['cards']] == [(2, 0)] * len(found['cards'])
    assert found['cards'] and found['notes'] == [] and found['seconds']['normal'] > 0
    assert [one['causes'][0]['cause'] for one in found['unwatched']] == ['no record', 'no daemon', 'not watched']


def test_a_node_that_is_well_again_after_a_boot_is_not_down_any_more(daemon, dpis):
    def node():
        found = report(daemon)
        return [one for one in found['nodes'] if one['name'] == 'dpi-1'][0] if found and found['nodes'] else None
    dpis.steady(*NODES, interval=50)
    daemon.start(files.THREE.replace('FAILED=1', 'FAILED=2').replace('TIMEOUT=300', 'TIMEOUT=1000'))
    daemon.wait_state('normal')
    dpis.silence(3000)
    daemon.wait_listener(0, 'failed')
    before = helpers.wait_for(node)
    daemon.kill()
    # That is what a boot leaves of the run directory.
    shutil.rmtree(daemon.run_dir)
    dpis.steady(3000, interval=50)
    daemon.start()
    daemon.wait_state('normal')

    helpers.wait_for(lambda: node()['active_s'] > before['active_s'])
    assert node()['failures'] == 1
