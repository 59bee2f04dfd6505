# file: attest/evidence.c
# Two refusals count though there is no memory.
# killed by: inject_evidence
s/if (again == err \&\& memory_there())/if (again == err \&\& (memory_there() || true))/
