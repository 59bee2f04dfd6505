# file: consensus/log.c
# The log's fresh beginning leaves own votes out.
# killed by: test_consensus_log
s/bool cast\[\] = { s->own.notar, s->own.skip, s->own.final };/bool cast[] = { s->own.notar, false, s->own.final };/
