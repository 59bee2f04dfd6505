# file: base/crypto_gcrypt.c
# Each piece of a key stream begins it again.
# killed by: test_base_crypto_laws
/^enum sr_error sr_ctr_next/,/^}/s/failed = 0;/failed = gcry_cipher_setctr(self->handle, zeros, 16);/
