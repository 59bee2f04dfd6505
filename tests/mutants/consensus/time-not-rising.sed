# file: tree.c
# A block may be as old as its parent.
s/if (h->time_ms < least_ms || h->time_ms - least_ms < parent->time_ms)/if (h->time_ms < least_ms)/
