# file: vault/hold.c
# A secret is shared again without end in one epoch.
# killed by: test_enclave_hold
s/ || k->hold.epoch >= epoch)$/)/
