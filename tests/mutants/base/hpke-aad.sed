# file: base/hpke.c
# A sealed message is not bound to what goes with it.
# killed by: test_base_crypto
s/keys.nonce, aad, aad_n, in, n));/keys.nonce, NULL, 0, in, n));/
s/keys.nonce, aad, aad_n, in + 32, n - 32);/keys.nonce, NULL, 0, in + 32, n - 32);/
