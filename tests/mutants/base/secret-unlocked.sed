# file: base/crypto_sodium.c
# Memory that can not be locked holds secrets.
# killed by: test_base_secret
s/if (sodium_mlock(p, rounded) != 0) {/if (false) {/
