# file: consensus/archive.c
# A certificate from the archive is believed unseen.
# killed by: test_consensus_sync
s/SR_TRY(consensus_cert_verify(c, .*//
