# file: enclave/attesteer.c
# Evidence is judged as of now, by each clock.
# killed by: test_enclave_attesteer
s|p->submitted_ms / 1000|now_ms / 1000|
