"""The places at the daemon's socket: which clients are served at once, and which one gives way to another.

There are at most CLIENTS at once. Of these places a user has at most OF_A_USER and all users together OF_USERS; the
rest is kept for root, so that nobody can lock out its commands. If no place is free, the client that has taken nothing
for the longest time gives way, if that is at least STALLED seconds.
"""
CLIENTS, OF_USERS, OF_A_USER = 32, 24, 8
STALLED = 0.2

# The user id of root.
ROOT = 0


def place(client, clients, now, owner=ROOT):
    """(whether there is a place for one more client, the one that gives way for it or None).

    clients: those that have a place; owner: the user id of the daemon, who is as good as root.
    """
    users = [one for one in clients if one.uid not in (ROOT, owner)]
    same = [one for one in users if one.uid == client.uid]
    if client.uid in (ROOT, owner):
        rivals, free = clients, len(clients) < CLIENTS
    elif len(same) >= OF_A_USER:
        rivals, free = same, False
    else:
        # A client of root never gives way to a user.
        rivals, free = users, len(users) < OF_USERS and len(clients) < CLIENTS
    stalled = [] if free else [one for one in rivals if one.offered is not None and now - one.offered >= STALLED]
    return free or bool(stalled), min(stalled, key=lambda one: one.offered) if stalled else None
