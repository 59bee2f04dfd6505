# file: enclave/epoch_switch.c
# A node that comes late into an epoch believes that it never voted there.
# killed by: test_enclave_disk
/^static bool may_have_voted/,/^}/s/return self->phase != CORE_RUNNING || !self->keys->now.made_here ||/return false \&\&/
