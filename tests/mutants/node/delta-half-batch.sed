# file: node/delta.c
# A commit that a crash cut short counts in part.
# killed by: test_disk_store
s/"SRDELTA1", "", true, false }/"SRDELTA1", "", false, false }/
