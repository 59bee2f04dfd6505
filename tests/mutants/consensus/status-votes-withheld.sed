# file: consensus/recover.c
# An answer leaves late votes out.
# killed by: test_consensus_recover
s/(unsigned)s->ballots\[voter\].have | s->ballots\[voter\].late : 0;/(unsigned)s->ballots[voter].have : 0;/
