# file: enclave/core.c
# A member shows another machine than the state knows.
# killed by: test_enclave_join
s/return sr_hash32_equal(&facts->platform, &s->facts.platform) ? SR_OK :/return SR_OK == 0 ? SR_OK :/
