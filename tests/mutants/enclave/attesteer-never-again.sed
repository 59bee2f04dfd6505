# file: enclave/attesteer.c
# A verdict that was lost is never given again.
# killed by: test_enclave_attesteer
s/now_ms - self->said\[i\].since_ms < ATTESTEER_AGAIN_MS)/now_ms > 0)/
