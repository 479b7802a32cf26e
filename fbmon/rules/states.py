"""The names of all states, as they appear in the log, in the status and in the hooks."""

# The global state after a start, and the local state of a listener that has not reported yet.
UNKNOWN = 'unknown'

# The global state.
NORMAL = 'normal'    # the cards' addresses are present: traffic goes through the DPIs
BYPASS = 'bypass'    # the cards' addresses are absent: the cards connect the fibre straight through

# The local state of a listener.
ACTIVE = 'active'
FAILED = 'failed'
UNCONFIGURED = 'unconfigured'    # could not be launched

# What the rules take for the local state of a listener whose node is in maintenance, whatever it reports.
MAINTENANCE = 'maintenance'

# An override that is no global state: cards and ports are left as they are.
FREEZE = 'freeze'

# The state of a card's address, wanted or actual ...
PRESENT = 'present'
ABSENT = 'absent'
SILENT = 'silent'    # the kernel has it but does not answer there: shown as absent

# ... and that of a port. Up is the administrative flag; carrier plays no part.
UP = 'up'
DOWN = 'down'
MISSING = 'missing'    # there is no such interface

# What is known of the pings for a card's address: UNKNOWN, SEEN, or SILENT: nobody has pinged it for too long.
SEEN = 'seen'
