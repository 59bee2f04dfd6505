# file: enclave/roster_verdict.c
# A member moves to another machine.
# killed by: test_enclave_roster
s/return sr_hash32_equal(&v->facts.platform, &m->facts.platform) ? SR_OK :/return true ? SR_OK :/
