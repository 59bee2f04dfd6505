# file: platform/tpm_seal.c
# A sealed key is bound to no PCR.
# killed by: test_platform_tpm
s/const TPML_PCR_SELECTION selection = tpm_selection(PLATFORM_TPM_PCR_MASK);/const TPML_PCR_SELECTION selection = tpm_selection(0);/;s/const TPML_PCR_SELECTION selection = tpm_selection(mask);/const TPML_PCR_SELECTION selection = tpm_selection(mask * 0);/
