# file: platform/tpm_quote.c
# What was measured since boot is measured again.
# killed by: test_platform_tpm
s/^	if (sr_hash32_equal(now, &wanted))$/	if (false)/
