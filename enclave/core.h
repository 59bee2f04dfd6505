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
/* Another number than before: some seat has another identity, or none, or one for the first
 * time. */
uint64_t enclave_core_peers_version(const struct enclave_core *self);
SR_MUST_CHECK enum sr_error enclave_core_channel_sign(struct sr_sig64 *out,
    const struct enclave_core *self, const uint8_t *binding, size_t n);
/* Does the genesis list it? false before BOOT. */
bool enclave_core_measurement_listed(const struct enclave_core *self,
    const struct sr_hash32 *measurement);
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
