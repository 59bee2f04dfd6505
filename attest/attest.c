#include "attest/attest.h"

const char *attest_tee_name(enum attest_tee tee)
{
	switch (tee) {
	case ATTEST_SGX: return "sgx";
	case ATTEST_TDX: return "tdx";
	case ATTEST_SNP: return "snp";
	case ATTEST_NITRO: return "nitro";
	}
	return "unknown";
}
