"""The history and the journal for a command that changes something while no daemon runs and writes to them."""
from fbmon.memory.history import History
from fbmon.memory.records import Records
from fbmon.memory.rundir import HISTORY, LIFE
from fbmon.tell import logs
from fbmon.tell.evidence import Evidence


def history(options, directory):
    """The History. What it is told goes to the log, too, and the end of the process waits shortly for their disks."""
    log = logs.set_up(options.log_dir, 'INFO', stderr=False)
    evidence = Evidence(options.state_dir, Records(directory.file(LIFE)))
    log.beside.append(evidence.lines)
    kept = History(Records(directory.file(HISTORY)), journal=evidence)
    evidence.settle(kept.transitions)
    return kept
