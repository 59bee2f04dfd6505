# file: enclave/shell_channel.c
# A forged KICK ends a session.
# killed by: test_shell_channel
/^static void receive_kick/,/^}/s/p->wanted = true;/{ p->wanted = true; session_retire(\&p->current); }/
