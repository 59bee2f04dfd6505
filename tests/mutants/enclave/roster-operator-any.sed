# file: enclave/roster_ops.c
# An operator has as many members as it likes.
# killed by: test_enclave_roster
s/^	    p->per_operator_max ? SR_OK : SR_ERR_OPERATOR_LIMIT;$/	    UINT32_MAX ? SR_OK : SR_ERR_OPERATOR_LIMIT;/
