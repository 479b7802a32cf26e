"""The status by HTTP, in a process and with a user of its own. The daemon imports none of it. May use all but cli."""
