# file: enclave/instance.c
# What consensus wants durable is not.
# killed by: test_enclave_core
s/error = log_append(i->core, CORE_LOG_CONSENSUS, w.p, w.n, sync);/error = log_append(i->core, CORE_LOG_CONSENSUS, w.p, w.n, false); (void)sync;/
