# file: enclave/clients.c
# Who asks for the same again and again takes the places of all who wait.
# killed by: test_enclave_peers
s/self->clients_n < CORE_CLIENTS_MAX \&\& !subject_crowded(self, from)/self->clients_n < CORE_CLIENTS_MAX/
