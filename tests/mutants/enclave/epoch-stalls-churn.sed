# file: enclave/epoch_plan.c
# Of those who keep changes up, no more go than the churn allows.
# killed by: test_enclave_roster_change
s/while (p->goes < consensus_faults(n))/while (p->goes < p->churn)/
