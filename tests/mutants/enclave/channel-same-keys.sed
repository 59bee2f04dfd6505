# file: enclave/shell_channel.c
# Both directions use one key.
# killed by: test_shell_channel
s/memcpy(client ? s->receive_key.b : s->send_key.b, keys + 32, 32);/memcpy(client ? s->receive_key.b : s->send_key.b, keys, 32);/
