/*
 * cli/client.h - talking with a cluster: what is pinned, what is verified, who is asked.
 *
 * The genesis file is the pin: it names the first members, their HTTPS keys and their evidence, all
 * checked when it is read. From there the epoch trail is followed, each step under the quorum of
 * the epoch before, to the members and keys of today. Nothing is sent before that. What is
 * confidential is then sealed to the epoch's shielding key and answers are signed by the member
 * that gives them. How far the trail was followed is kept for the next run, which goes on from
 * there: a past that forks from it is refused. Who has nothing kept asks more members than can lie,
 * or pins a point of the trail (--checkpoint).
 *
 * "member" is an index in the current epoch's record. It means another member once the epoch moves:
 * only client_trail_fetch and what says so below moves it. Pieces of payloads go by seat.
 */
#ifndef SR_CLI_CLIENT_H
#define SR_CLI_CLIENT_H

#include "base/drbg.h"
#include "cli/cli.h"
#include "cli/http.h"
#include "cli/keyfile.h"
#include "consensus/wire.h"
#include "enclave/client_wire.h"
#include "enclave/genesis.h"
#include "enclave/host_wire.h"
#include "vault/record.h"

#define CLIENT_TRAIL_BYTES_MAX (512u * 1024u * 1024u)   /* of a whole trail, where one is needed */
#define CLIENT_PATIENCE_MS 200u         /* with those asked first, beyond a slot */
#define CLIENT_BYTES_MAX (CLIENT_ANSWER_MAX + 65536u)   /* of an answer, sealed */

struct rpc_call;
struct client {
	struct cli *cli;
	struct http *http;
	uint8_t *genesis_bytes;
	struct genesis *genesis;
	struct epoch_record *epoch;      /* the newest that a trail proves */
	struct sr_edpk keys[SR_MEMBERS_MAX];
	struct sr_hash32 close_hash;     /* of the CLOSE block that began it; zero in epoch 0 */
	/* Up to here the past is certain: kept, or what members agreed on. */
	struct epoch_record *known;
	struct sr_hash32 known_close;
	/* Of the CLOSE blocks of epochs closes_first on, up to the current one. */
	struct sr_hash32 *closes;
	size_t closes_n, closes_room;
	uint64_t closes_first, kept_epoch;
	struct { bool set, met; uint64_t epoch; struct sr_hash32 hash; } pin;
	/* The account's next nonce, when a quorum confirmed its last operation; NONE: not known. */
	struct { struct vault_account account; uint64_t next; } nonce;
	uint32_t order[SR_MEMBERS_MAX];  /* members in the order they are asked */
	struct sr_drbg drbg;
	char trouble[256]; /* the last thing that went wrong on the way, for messages */
};

/* The genesis, and the trail seen last. Asks nobody. Prints what is wrong. */
enum cli_exit client_open(struct cli *cli, struct client **out);
/* And the trail to the current epoch, which must have a vault key. */
enum cli_exit client_connect(struct cli *cli, struct client **out);
/* Prints why client_trail_fetch failed. */
enum cli_exit client_trail_fail(struct client *self, enum sr_error error);
void client_close(struct client *self);
/* What a command that acts begins with: the key, then the connection. And its end: frees both,
 * passes rc on. */
enum cli_exit client_begin(struct cli *cli, struct client **c, struct key **k);
enum cli_exit client_end(struct client *c, struct key *k, enum cli_exit rc);
uint32_t client_faults(const struct client *self);
void client_rotate(struct client *self);         /* the next member becomes the first to be asked */

/* --- public methods --- one member, plain bytes. *answer: caller frees. */
SR_MUST_CHECK enum sr_error client_public(struct client *self, enum client_method method,
    uint32_t member, struct sr_bytes payload, uint8_t **answer, size_t *answer_n,
    uint64_t timeout_ms);
/* chain_getBlock of one member; 0: the newest. */
SR_MUST_CHECK enum sr_error client_block(struct client *self, uint32_t member, uint64_t height,
    uint8_t **answer, size_t *answer_n);
/* Of all members at once. statuses, ok: epoch->n of each. */
void client_statuses(struct client *self, struct enclave_status *statuses, bool *ok,
    uint64_t timeout_ms);

/* --- the trail (trail.c) --- */
/* Asks all members for the trail, those it leads to as well, and those of the genesis when nobody
 * else answers. Moves the epoch. NOT_REACHED: nobody answered. TRAIL_FORK: there are two pasts.
 * CHECKPOINT_OTHER: nobody shows one with the pinned point. */
SR_MUST_CHECK enum sr_error client_trail_fetch(struct client *self);
/* The same of whoever answers at this URL, member or not. Moves the epoch, but makes nothing
 * certain: members are asked after it. */
SR_MUST_CHECK enum sr_error client_trail_from(struct client *self, const char *url);
/* After a WRONG_EPOCH: fetches; is there a newer epoch than before? */
bool client_epoch_moved(struct client *self);
/* The record of an epoch up to the current one. out is large: allocate it. */
SR_MUST_CHECK enum sr_error client_epoch_at(
    struct epoch_record *out, struct client *self, uint64_t epoch);
/* The trail up to an epoch, as a file has it (epoch_trail_verify): members are asked for it.
 * WRONG_EPOCH when it is not known yet. */
SR_MUST_CHECK enum sr_error client_trail_cut(
    struct sr_writer *out, struct client *self, uint64_t epoch);
/* --node is no member's URL: prints it. One of the configuration that has left: only warns. */
enum cli_exit client_node_check(struct client *self);
/* For client_open: "EPOCH:HEX" that the trail must pass (BAD_SYNTAX); what was kept, after
 * that; the order in which members are asked. */
SR_MUST_CHECK enum sr_error client_pin(struct client *self, const char *text);
SR_MUST_CHECK enum sr_error client_kept(struct client *self);
SR_MUST_CHECK enum sr_error client_order(struct client *self);

/* --- sealed methods --- */
/* Not the last word: another member, or the same one a little later, may say otherwise. */
bool client_passing(enum sr_error code);
/* One member. SR_OK: *code is what the member says, under its signature. */
SR_MUST_CHECK enum sr_error client_ask(struct client *self, enum client_method method,
    uint32_t member, struct sr_bytes payload, uint64_t timeout_ms, enum sr_error *code,
    uint8_t **answer, size_t *answer_n);
/* All members but those to skip; take sees each answer as it comes (error: of the way; code: the
 * member's) and says when it has enough. */
typedef bool client_taker(void *ctx, uint32_t member, enum sr_error error, enum sr_error code,
    const uint8_t *answer, size_t n);
SR_MUST_CHECK enum sr_error client_ask_all(struct client *self, enum client_method method,
    struct sr_bytes payload, const bool *skip, client_taker *take, void *ctx);
/* The same, but so many at first: one more for each that gives nothing, and all of them a slot and
 * CLIENT_PATIENCE_MS later. */
SR_MUST_CHECK enum sr_error client_ask_few(struct client *self, enum client_method method,
    struct sr_bytes payload, const bool *skip, uint32_t few, client_taker *take, void *ctx);
/* For the files of the client itself. */
void client_trouble(struct client *self, uint32_t member, enum sr_error error);
void client_to_member(const struct client *self, struct rpc_call *call, uint32_t member);

/* --- reading --- asks members in turn until one answers; "no such" counts only when a quorum says
 * it. key NULL: anonymous. *answer: caller wipes and frees (client_answer_free). */
SR_MUST_CHECK enum sr_error client_get(struct client *self, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes params, uint8_t **answer, size_t *answer_n);
/* The record under a quorum's signatures (proof = header, cert, proof: kept for saving, may be
 * NULL). */
SR_MUST_CHECK enum sr_error client_get_proven(struct client *self, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_key *record,
    uint8_t **value, size_t *value_n, uint8_t **proof, size_t *proof_n);
/* The record, or its absence, in the state before a final block of at least this height (waits for
 * one); *height: that block's. Nobody can make up either. */
SR_MUST_CHECK enum sr_error client_get_at(struct client *self, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes params, const struct vault_key *record,
    uint64_t least, uint64_t *height, bool *present, uint8_t **value, size_t *value_n);
void client_answer_free(uint8_t *answer, size_t n);
/* Checks "blob header | blob FINAL cert | blob proof" for a record. value borrowed from proof. */
SR_MUST_CHECK enum sr_error client_proof_check(const struct sr_hash32 *chain_id,
    const struct epoch_record *epoch, const struct vault_key *record, struct sr_bytes proof,
    struct consensus_header *header, bool *present, struct sr_bytes *value);

/* --- acting --- */
struct client_act {
	enum vault_op_kind kind;
	union vault_op_body *body;
	/* Called before each signing: what depends on nonce or epoch (may be NULL). */
	enum sr_error (*fill)(
	    void *ctx, struct client *self, union vault_op_body *body, uint64_t nonce);
	void *ctx;
	/* results */
	struct vault_receipt receipt;
	struct sr_hash32 hash;           /* the operation's */
};
/*
 * Signs, submits until final, and has f+1 members confirm the receipt. SR_OK also for a refusal by
 * the vault: see receipt.code.
 *
 * It is applied once at most, whatever members say and however epochs change: all forms of it that
 * are ever sent carry one nonce, until the state proves that something else used that nonce up.
 */
SR_MUST_CHECK enum sr_error client_act(struct client *self, const struct key *key,
    struct client_act *act);
/* The same, and prints a failure or refusal. what: "the transfer". policy: for naming the condition
 * that failed, or NULL. */
enum cli_exit client_act_say(struct client *self, const struct key *key, struct client_act *act,
    const char *what, const struct vault_policy *policy);
enum cli_exit client_fail(struct client *self, enum sr_error error, const char *what);

/* --- shares --- all members at once, until t good ones combine to the ticket's KEM key. named: who
 * gave bad ones. */
SR_MUST_CHECK enum sr_error client_shares(struct client *self, const struct sr_hash32 *ticket,
    const struct sr_key32 *e_secret, const uint8_t tdh2[VAULT_TDH2_BYTES],
    const struct sr_hash32 *label, struct sr_key32 *kem);

/* The name of a member of the current epoch, for messages. */
void client_member_name(const struct client *self, uint32_t member, char out[SR_NAME_MAX + 1]);
/* Text of the node of a policy that failed; empty when there is none such. */
void client_policy_node_text(
    const struct vault_policy *policy, uint32_t index, char *out, size_t n);

#endif
