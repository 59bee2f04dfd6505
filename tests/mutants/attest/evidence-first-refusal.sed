# file: attest/evidence.c
# The first refusal counts, whatever the library lacked.
# killed by: inject_evidence
s/if (again == err \&\& memory_there())/if (again == err || memory_there())/
