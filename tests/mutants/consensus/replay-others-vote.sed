# file: consensus/log.c
# Another's vote in the log is taken for an own one.
# killed by: test_consensus_log
s/(v.voter != self->config.self || v.epoch != self->config.epoch ||/(false ||/
