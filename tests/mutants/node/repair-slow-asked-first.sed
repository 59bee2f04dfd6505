# file: node/repair.c
# who took long for a piece is asked first for the next
# killed by: test_node_repair
s/if (took_ms > bytes \* 1000u \/ REPAIR_BYTES_PER_S_MIN + REPAIR_PROMPT_MS)/if (took_ms == UINT64_MAX - bytes)/
