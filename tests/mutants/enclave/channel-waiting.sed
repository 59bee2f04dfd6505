# file: enclave/shell_channel.c
# Messages for a peer that is away may fill the memory.
# killed by: test_shell_channel
s/while (p->waiting_n == SHELL_CHANNEL_WAITING_MAX ||/while (p->waiting_n == SHELL_CHANNEL_WAITING_MAX \&\&/
