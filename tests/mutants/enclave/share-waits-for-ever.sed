# file: enclave/release.c
# A request that can not be served is never answered.
# killed by: test_enclave_core
/^static bool share_overdue/,/^}/s/return now_ms >= c->since_ms + CORE_SHARE_MS ||/return false \&\&/
