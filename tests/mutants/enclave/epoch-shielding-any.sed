# file: enclave/epoch.c
# A shielding key that fewer than a quorum named.
# killed by: test_enclave_epoch_state
s/if (same >= consensus_quorum(change->n))/if (same >= 1)/
