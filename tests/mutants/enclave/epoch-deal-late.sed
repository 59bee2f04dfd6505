# file: enclave/epoch_ops.c
# A dealing counts when the set is fixed.
# killed by: test_enclave_roster_change
s/if (change->fixed || epoch_set_has/if (epoch_set_has/
