# file: platform/tsm.c
# The entry in configfs stays behind.
# killed by: test_platform_tsm
s/^	(void)rmdir(entry);$/	(void)0;/
