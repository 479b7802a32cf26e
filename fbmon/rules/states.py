"""The names of all states, as they appear in the log, in the status and in the hooks."""

# Global state, and local state of a listener that has not reported yet.
UNKNOWN = 'unknown'

# Global state.
NORMAL = 'normal'    # the cards' addresses are present: traffic goes through the DPIs
BYPASS = 'bypass'    # the cards' addresses are absent: the cards connect the fibre straight through

# Local state of a listener.
ACTIVE = 'active'
FAILED = 'failed'
UNCONFIGURED = 'unconfigured'    # could not be launched

# What the kernel has, or should have, of a card's address ...
PRESENT = 'present'
ABSENT = 'absent'
SILENT = 'silent'    # the kernel has it, and nobody answers there: shown as absent

# ... and of a port. Up is the administrative flag; carrier plays no part.
UP = 'up'
DOWN = 'down'
MISSING = 'missing'    # there is no such interface
