# file: cli/http.c
# A request that is held begins with the others.
# killed by: test_cli_http
s/ \&\& run->requests\[i\]->hold_ms <= passed_ms \&\&/ \&\& passed_ms < UINT64_MAX \&\&/
