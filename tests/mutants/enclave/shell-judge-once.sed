# file: enclave/shell_channel.c
# Whom the genesis let in stays when the state does not.
# killed by: test_shell_roster
s/if (known && self->looked && !self->policy_known)/if (false)/
