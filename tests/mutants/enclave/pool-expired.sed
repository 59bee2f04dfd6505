# file: enclave/pool.c
# Expired operations stay in the pool.
# killed by: test_enclave_pool
s/if (e->expiry_ms >= time_ms || e->included > 0)/if (e->expiry_ms >= 0 || e->included > 0)/
