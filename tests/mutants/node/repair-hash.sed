# file: node/repair.c
# whatever another member gives is taken for its piece
# killed by: test_node_repair
s/return bytes == piece_bytes && sr_hash32_equal(&hash, want) ? SR_OK : SR_ERR_BAD_HASH;/return SR_OK;/
