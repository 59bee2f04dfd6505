# file: enclave/shell_channel.c
# who has left is still talked to
# killed by: test_shell_roster
/^static void peer_look/,/^}/s/(!known || memcmp(/(known \&\& memcmp(/
