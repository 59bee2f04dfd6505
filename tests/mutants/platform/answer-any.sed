# file: platform/vouch.c
# An answer to another challenge is accepted.
# killed by: test_platform_vouch
s/return sr_ct_equal(a->proof\.b, expected\.proof\.b, sizeof a->proof\.b) ? SR_OK$/return sr_ct_equal(a->proof.b, expected.proof.b, 31) ? SR_OK/
