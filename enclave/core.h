/*
 * enclave/core.h - the trusted core: enclave_step(self, effects, event), pure. Joins consensus,
 * vault, shamir and chain. The same object files run in the enclave process, the simulator and
 * the fuzzers.
 */
#ifndef SR_ENCLAVE_CORE_H
#define SR_ENCLAVE_CORE_H

#include "enclave/genesis.h"
#include "enclave/host_wire.h"

/* Effects in order; bytes owned by the list until enclave_effects_reset. */
struct enclave_effects {
	struct enclave_effect *list;
	size_t n, capacity;
};
void enclave_effects_init(struct enclave_effects *self);
void enclave_effects_reset(struct enclave_effects *self);   /* frees the bytes, keeps the list */
void enclave_effects_clear(struct enclave_effects *self);

struct enclave_core;

/* sealing_key: what the platform gives this measurement on this machine (SGX: EGETKEY; software:
 * a file that only the enclave's user can read). measurement: of the running enclave. Copied into
 * locked memory. NULL: none to be had. */
SR_MUST_CHECK struct enclave_core *enclave_core_new(const struct sr_key32 *sealing_key,
    const struct sr_hash32 *measurement);
void enclave_core_free(struct enclave_core *self);           /* wipes */

/* SR_OK, or the error that ended it: the instance is then dead (a FATAL effect tells why). Bad
 * input from peers and clients is never an error here. */
SR_MUST_CHECK enum sr_error enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event);

/* A new identity: keys from the DRBG, sealed for the host to keep; the public half to go into a
 * genesis. */
SR_MUST_CHECK enum sr_error enclave_identity_new(struct genesis_identity *public_half,
    struct sr_writer *sealed, const struct sr_key32 *sealing_key,
    const struct sr_hash32 *measurement, const struct sr_key32 *seed);

/* For the shell's channels: who the peers are, and a signature of the identity key over a channel
 * certificate's binding (domain "strongroom channel v1"). Available after BOOT. */
SR_MUST_CHECK enum sr_error enclave_core_peer_key(struct sr_edpk *id_key,
    const struct enclave_core *self, uint32_t seat);
/* Another number than before: some seat has another identity, or none, or one for the first time.
 */
uint64_t enclave_core_peers_version(const struct enclave_core *self);
/* Which is my own. */
SR_MUST_CHECK enum sr_error enclave_core_own_key(struct sr_edpk *id_key,
    const struct enclave_core *self);
SR_MUST_CHECK enum sr_error enclave_core_channel_sign(struct sr_sig64 *out,
    const struct enclave_core *self, const uint8_t *binding, size_t n);
/* Are these facts, of verified evidence in a channel's certificate, acceptable for whoever has that
 * seat, by the policy in force? Who joins and has no state yet goes by the genesis' policy, but for
 * members' measurements, which may be newer. What only time speaks against (COLLATERAL_TIME,
 * MEASUREMENT_ENDED) holds for the policy's lapse_ms more where the seat's is a member in good
 * standing. Errors as attest_policy_judge; EVIDENCE_KIND, COLLATERAL_OTHER: of another kind or
 * machine than the state says; NOT_READY before BOOT. */
struct attest_facts;
struct attest_trust;
SR_MUST_CHECK enum sr_error enclave_core_evidence_judge(const struct enclave_core *self,
    uint32_t seat, const struct attest_facts *facts, const uint8_t report_data[64],
    uint64_t now_ms);
/* So much earlier than now its evidence may have been valid last; 0: it has to be valid now. */
uint64_t enclave_core_evidence_grace_ms(const struct enclave_core *self, uint32_t seat);
/* What evidence is rooted in besides vendors' keys, by the policy in force. Borrows from room. */
struct attest_policy;
void enclave_core_evidence_trust(struct attest_trust *out, struct attest_policy *room,
    const struct enclave_core *self);
/* Is the policy in force the state's? When that begins, whom the genesis' let in is judged
 * again. */
bool enclave_core_evidence_known(const struct enclave_core *self);
/* Is software evidence enough for me, as far as is known? Then the shell asks the host for no
 * other. */
bool enclave_core_evidence_software(const struct enclave_core *self);
/* My seat; EPOCH_NOBODY while I have none. */
uint32_t enclave_core_self(const struct enclave_core *self);
/* One more than the highest seat that may be in use. */
uint32_t enclave_core_members(const struct enclave_core *self);
struct sr_hash32 enclave_core_chain_id(const struct enclave_core *self);

/* For the simulator's invariants only: read, never changed through these. */
struct vault_tree;
struct consensus;
const struct consensus *enclave_core_consensus(const struct enclave_core *self);
struct vault_tree *enclave_core_final_state(const struct enclave_core *self);
const struct epoch_record *enclave_core_epoch(const struct enclave_core *self);

#endif
