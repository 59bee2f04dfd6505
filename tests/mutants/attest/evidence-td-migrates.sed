# file: attest/evidence.c
# A TD that a migration TD may read counts as closed.
# killed by: test_attest_evidence
/^static bool td_readable/,/^}/s/ || (attributes\[3\] & 0x20u) != 0//
