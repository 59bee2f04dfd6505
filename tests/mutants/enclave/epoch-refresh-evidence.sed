# file: enclave/epoch_plan.c
# No epoch begins for the sake of fresh nonces.
# killed by: test_enclave_roster
s/if (roster_evidence_ages(&policy))/if (false)/
