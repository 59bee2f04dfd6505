#include "attest/attest.h"

const char *attest_status_name(enum attest_status status)
{
	switch (status) {
	case ATTEST_UP_TO_DATE: return "UpToDate";
	case ATTEST_SW_HARDENING_NEEDED: return "SWHardeningNeeded";
	case ATTEST_CONFIGURATION_NEEDED: return "ConfigurationNeeded";
	case ATTEST_CONFIGURATION_AND_SW_HARDENING_NEEDED:
		return "ConfigurationAndSWHardeningNeeded";
	case ATTEST_TD_RELAUNCH_ADVISED: return "TDRelaunchAdvised";
	case ATTEST_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
		return "TDRelaunchAdvisedConfigurationNeeded";
	case ATTEST_OUT_OF_DATE: return "OutOfDate";
	case ATTEST_OUT_OF_DATE_CONFIGURATION_NEEDED: return "OutOfDateConfigurationNeeded";
	case ATTEST_REVOKED: return "Revoked";
	case ATTEST_NOT_SUPPORTED: return "NotSupported";
	}
	return "unknown";
}

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
