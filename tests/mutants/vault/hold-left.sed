# file: vault/hold.c
# Who left is a holder still.
# killed by: test_enclave_hold
/^static bool is_member_still/,/^}/s/return memcmp(.*$/return true;/
