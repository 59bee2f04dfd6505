/* tests/fuzz/samples.h - a good body of each kind of operation, and a state with records of each
 * kind: what seeds are made of. */
#ifndef SR_TESTS_FUZZ_SAMPLES_H
#define SR_TESTS_FUZZ_SAMPLES_H

#include "tests/lib/vault_world.h"

extern const enum vault_op_kind sample_kinds[];
#define SAMPLE_KINDS_N 21u

/* Borrows static bytes only. */
void sample_body(union vault_op_body *out, enum vault_op_kind kind);
/* NFT 1 and switch 1 are ALICE's, the secrets in ids too; BOB has an open ticket. */
struct vault_world *sample_world(struct vault_secret_id ids[2], struct sr_hash32 *ticket);
/* Facts of an enclave with measurement a1.. and key 07..; the caller clears them. */
struct sr_writer sample_facts(void);
/* ALICE submits evidence and so many of four members say those facts of it. Its id. */
struct sr_hash32 sample_attest(struct vault_world *w, uint32_t verdicts);

#endif
