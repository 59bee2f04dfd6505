# file: enclave/attesteer.c
# A verdict on its way is given again and again.
# killed by: test_enclave_attesteer
s/if (!said(self, &list\[i\].id))/if (said_settle != NULL)/
