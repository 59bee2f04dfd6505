# file: base/crypto_sodium.c
# A signature for one purpose counts for another.
# killed by: test_base_crypto
/^void sr_sign(/,/^}/s/sr_hash_domain(domain, &part, 1)/sr_hash_domain("", \&part, 1)/
/^enum sr_error sr_verify(/,/^}/s/sr_hash_domain(domain, &part, 1)/sr_hash_domain("", \&part, 1)/
