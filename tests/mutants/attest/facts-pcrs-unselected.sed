# file: attest/facts.c
# The measurement of a TPM does not tell which PCRs.
# killed by: test_attest_facts
/attest_measurement_pcrs/,/^}/s/pcr_mask >> 8 \* i/0/
