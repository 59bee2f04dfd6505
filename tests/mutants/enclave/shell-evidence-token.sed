# file: enclave/shell_run.c
# evidence that nobody asked for is taken
# killed by: test_shell_evidence
s/if (ev->token != self->token)/if (ev->token == 0)/
