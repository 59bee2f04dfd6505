# file: enclave/roster_verdict.c
# Verdicts that differ are counted together.
# killed by: test_enclave_roster
s/count += sr_hash32_equal(&votes->list\[i\].said, said) ? 1 : 0;/count += said != NULL ? 1 : 0;/
