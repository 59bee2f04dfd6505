# file: rules.c
# NOTAR for a block from the future.
s/if (!clock_reached(self, h->time_ms))/if (!clock_reached(self, 0))/
