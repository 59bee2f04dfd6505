# file: consensus/absent.c
# A member hurries past its own slot.
# killed by: test_consensus_absent
s/author != self->config.self \&\& //
