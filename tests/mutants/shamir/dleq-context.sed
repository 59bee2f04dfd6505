# file: shamir/dleq.c
# A proof is not bound to its context.
# killed by: test_shamir_dleq
s/parts\[1\] = (struct sr_bytes){ context, context_n };/parts[1] = (struct sr_bytes){ context, 0 };/
