# file: enclave/duties.c
# Silence is counted by the clock: after an outage of all, who comes back last is voted out.
# killed by: test_enclave_join
s/return self->now_ms - since_ms < CORE_HEARD_MS ? self->now_ms - since_ms : CORE_HEARD_MS;/return self->now_ms - since_ms;/
