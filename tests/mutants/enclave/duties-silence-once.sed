# file: enclave/duties.c
# A member says only once in a long while that another is silent.
# killed by: test_enclave_join
s/time_ms - time_ms % roster_silence_step(silence_ms)/time_ms - time_ms % (16 * roster_silence_step(silence_ms))/
