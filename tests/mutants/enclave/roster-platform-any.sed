# file: enclave/roster_verdict.c
# A machine has as many members as it likes.
# killed by: test_enclave_roster
s/return count.n < p->per_platform_max ? SR_OK : SR_ERR_PLATFORM_LIMIT;/return SR_OK;/
