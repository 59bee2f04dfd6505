# file: shamir/dleq.c
# Only the first half of the statement is proven.
# killed by: test_shamir_dleq
s/SR_TRY(commitment(&a2, proof, h, q));/SR_TRY(commitment(\&a2, proof, g, p));/
