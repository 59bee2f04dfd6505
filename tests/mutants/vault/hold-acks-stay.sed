# file: vault/hold.c
# Acknowledgements of a set outlive it.
# killed by: test_enclave_hold
s/		k->hold.next\[n\].acked = false;/		;/
