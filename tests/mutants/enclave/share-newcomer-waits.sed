# file: enclave/release.c
# Whoever asks while a challenge is out waits for its end, though it has been answered.
# killed by: test_enclave_core
s/ || (newcomer && self->round.delivered) ||/ || (false \&\& newcomer) ||/
