# file: enclave/core.c
# Evidence that ran out is taken of members that lapsed, too.
# killed by: test_enclave_join
s/out->good = (m->flags & (ROSTER_LAPSED | ROSTER_FAULTY)) == 0;/out->good = true;/
