# file: enclave/core.c
# A day without the vendor keeps members apart for ever.
# killed by: test_enclave_join
s/^		if (s->good &&$/		if (false \&\&/
