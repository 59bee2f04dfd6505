# file: node/archive.c
# A file that can not be read is moved aside as a damaged one.
# killed by: test_disk_archive
s/^	if (err == SR_ERR_DAMAGED) {/	if (err == SR_ERR_DAMAGED || err == SR_ERR_IO) {/
