# file: cli/http.c
# A request that is held waits though no other is under way.
# killed by: test_cli_http
s/i < run->n \&\& !under_way(run); i++)/i < 0; i++)/
