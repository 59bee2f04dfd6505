/*
 * tests/lib/vault_world.h - a state machine with people in it: eight accounts with real Ed25519
 * keys, blocks on a virtual clock, operations that are encoded, signed, checked and applied as in a
 * cluster. The key checks are fakes (fake_key_check): a wrapped key fits when it begins with its
 * label, and a dealt one when its first commitment is its label. Six members can hold dealt ones.
 */
#ifndef SR_TESTS_LIB_VAULT_WORLD_H
#define SR_TESTS_LIB_VAULT_WORLD_H

#include "vault/vault.h"

enum { ALICE, BOB, CAROL, DAVE, ERIN, FRANK, GRACE, HEIDI, WORLD_PEOPLE };
#define WORLD_START_MS 1700000000000ull
#define WORLD_SLOT_MS 300u

struct vault_world {
	struct vault_tree *t;
	struct vault_block block;
	struct vault_hooks hooks;
	struct vault_roster roster;      /* seats 0 to 5; the box key of seat i is all i + 1 */
	struct sr_edsk sk[WORLD_PEOPLE];
	struct vault_account who[WORLD_PEOPLE];
	struct vault_op op;              /* the last one, and its bytes */
	uint8_t *bytes;
	size_t bytes_n;
	struct vault_receipt receipt;
	uint8_t salt;                    /* makes each wrapped key a new one */
};

struct vault_world *world_new(void);
void world_free(struct vault_world *w);
/* The next block, dt_ms after the last. */
void world_block(struct vault_world *w, uint64_t dt_ms);
/* Blocks of one slot until for_ms have passed (the last may be shorter). */
void world_pass(struct vault_world *w, uint64_t for_ms);
/* As world_pass, but nobody's ingress works. */
void world_pass_deaf(struct vault_world *w, uint64_t for_ms);

/* Encodes and signs with the account's next nonce, expiry a minute away; w->op, w->bytes. */
void world_sign(
    struct vault_world *w, unsigned who, enum vault_op_kind kind, const union vault_op_body *body);
void world_sign_as(struct vault_world *w, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body, uint64_t nonce, uint64_t expiry_ms);
/* Checks and applies w->op as it is. The receipt's code, or what the check said. */
enum sr_error world_apply(struct vault_world *w);
/* world_sign and world_apply. */
enum sr_error world_do(
    struct vault_world *w, unsigned who, enum vault_op_kind kind, const union vault_op_body *body);
/*
 * world_do for what must be refused: true when the code is this, the receipt is stored, and nothing
 * changed but the nonce, the receipt and its deadline (and, for a watched refusal, the event). Says
 * what else changed.
 */
bool world_refuses(struct vault_world *w, enum sr_error code, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body);

uint64_t world_nonce(const struct vault_world *w, unsigned who);
struct sr_hash32 world_root(struct vault_world *w);
struct vault_meta world_meta(const struct vault_world *w);
/* Records as they are stored; they abort when absent. */
struct vault_nft world_nft(const struct vault_world *w, uint64_t id);
struct vault_switch world_switch(const struct vault_world *w, uint64_t id);
struct vault_secret world_secret(const struct vault_world *w, const struct vault_secret_id *id);
bool world_has(const struct vault_world *w, struct vault_key key);
/* How many records of this type there are. */
unsigned world_count(const struct vault_world *w, enum vault_record_type type);
/* How many events of this kind about this subject. */
unsigned world_events(const struct vault_world *w, enum vault_event_kind kind,
    enum vault_subject subject, const uint8_t subject_id[16]);
unsigned world_switch_events(const struct vault_world *w, enum vault_event_kind kind, uint64_t id);
unsigned world_secret_events(
    const struct vault_world *w, enum vault_event_kind kind, const struct vault_secret_id *id);

/* Shorthands; each returns the receipt's code. */
enum sr_error world_mint(struct vault_world *w, unsigned who, unsigned to, uint64_t *id);
enum sr_error world_transfer(
    struct vault_world *w, unsigned who, uint64_t nft, uint64_t version, unsigned to);
/* Stores a small secret under a policy in text ("holder(1) and after(5)"). */
enum sr_error world_put(struct vault_world *w, unsigned who, const char *name, const char *policy,
    struct vault_secret_id *id);
enum sr_error world_retrieve(struct vault_world *w, unsigned who, const struct vault_secret_id *id,
    uint64_t nft, uint64_t nft_version, uint8_t to);
enum sr_error world_close(struct vault_world *w, unsigned who, const struct sr_hash32 *ticket);
enum sr_error world_switch_op(
    struct vault_world *w, unsigned who, enum vault_op_kind kind, uint64_t id);
struct vault_switch_settings world_settings(uint64_t interval_ms, uint64_t grace_ms);
enum sr_error world_switch_new(
    struct vault_world *w, unsigned who, const struct vault_switch_settings *s, uint64_t *id);

/* Canonical policy bytes of a text into out (VAULT_POLICY_BYTES_MAX). */
struct sr_bytes world_policy(uint8_t *out, const char *text);
/* A key that fake_key_check takes for this secret under this policy. */
struct vault_wrapped_key world_key(struct vault_world *w, const struct vault_secret_id *id,
    unsigned owner, struct sr_bytes policy);
/* A dealing that is taken for this label: t of these seats. */
#define WORLD_MEMBERS 6u
struct vault_dealt world_dealt(struct vault_world *w, const struct vault_secret_id *id,
    unsigned owner, struct sr_bytes policy, uint32_t threshold, const uint32_t *seats, uint32_t n);
/* Its key; bytes: VAULT_DEALT_BYTES_MAX of the caller's, which the key borrows from. */
struct vault_wrapped_key world_dealt_key(uint8_t *bytes, const struct vault_dealt *dealt);
struct vault_payload world_payload(const char *text);
/* The body of a PUT; policy_bytes is the caller's buffer of VAULT_POLICY_BYTES_MAX. */
union vault_op_body world_put_body(struct vault_world *w, unsigned who, const char *name,
    const char *policy, uint8_t *policy_bytes);

#endif
