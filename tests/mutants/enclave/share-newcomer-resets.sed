# file: enclave/release.c
# Whoever asks makes the challenge that is out void: nobody is served while many ask.
# killed by: test_enclave_core
s/(newcomer && self->round.delivered)/newcomer/
