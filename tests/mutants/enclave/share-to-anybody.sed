# file: enclave/release.c
# A share is sealed to another key than the ticket's.
# killed by: test_enclave_core
s/error = sr_hpke_seal(sealed, &ticket->to, /error = sr_hpke_seal(sealed, \&(struct sr_xpk){ { 9 } }, /
