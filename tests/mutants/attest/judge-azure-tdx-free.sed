# file: attest/policy.c
# Where TDX vouches on Azure, Intel's limits do not hold.
# killed by: test_attest_policy
/^static bool of_intel/,/^}/s/f->kind == ATTEST_KIND_AZURE/false/
