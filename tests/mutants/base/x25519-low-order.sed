# file: base/crypto_sodium.c
# A public key of low order is taken.
# killed by: test_base_crypto
s/bool good = crypto_scalarmult(out->b, sk->b, pk->b) == 0;/bool good = crypto_scalarmult(out->b, sk->b, pk->b) != 2;/
