# file: vault/proof.c
# Bytes after the proof are ignored.
# killed by: test_vault_proof
s/SR_TRY(sr_reader_finish(&r));/SR_TRY(r.error);/
