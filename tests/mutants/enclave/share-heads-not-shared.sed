# file: enclave/release.c
# Each request for a share asks all others for their heads.
# killed by: test_enclave_core
s/^		heads_share(self, c);/		(void)heads_share;/
