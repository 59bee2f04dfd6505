# file: enclave/clients.c
# Any number of clients may wait.
# killed by: test_enclave_peers
s@if (self->clients_n < CORE_CLIENTS_MAX &&@if (@
