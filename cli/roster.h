/* cli/roster.h - how members stand, and what operators ask of the cluster. */
#ifndef SR_CLI_ROSTER_H
#define SR_CLI_ROSTER_H

#include "cli/client.h"
#include "enclave/client_roster.h"

/* The newest that f+1 members tell, all asked at once: one member's word each, for people to read
 * and for waiting. out is large: allocate it. NOT_REACHED, TIMED_OUT. */
SR_MUST_CHECK enum sr_error roster_fetch(struct client *c, struct client_roster *out);
/* NULL: no member on that seat is told of. */
const struct client_roster_member *roster_member_of(
    const struct client_roster *r, uint32_t seat);
const struct client_roster_candidate *roster_candidate_of(
    const struct client_roster *r, const struct sr_edpk *id_key);

/* The number that the next policy must carry: one more than that of the last one that was signed,
 * whether it is in force or announced. */
uint64_t roster_policy_next(const struct client_roster *r);

/* An open operation (enclave/epoch.h): without a nonce, bound to its epoch, signed again when it
 * ends. */
struct roster_ask {
	enum client_open_op kind;
	/* Called before each signing: the body for the current epoch. */
	enum sr_error (*fill)(void *ctx, struct client *c, struct sr_writer *body);
	void *ctx;
	/* results */
	enum sr_error code;              /* SR_OK: final; else a quorum refused it */
	struct sr_hash32 hash;
	uint64_t height;
	unsigned forms; /* that were sent: a refusal may mean that one was applied */
};
/* Submits until final or refused. */
SR_MUST_CHECK enum sr_error roster_ask(
    struct client *c, const struct key *operator_key, struct roster_ask *ask);
/* The same, and prints a failure or refusal. */
enum cli_exit roster_ask_say(
    struct client *c, const struct key *operator_key, struct roster_ask *ask, const char *what);

/* "EPOCH:HEX" of the current epoch: what a joiner or client may pin. */
#define ROSTER_POINT_TEXT 88u
void roster_point_text(char out[ROSTER_POINT_TEXT], const struct epoch_record *r);
/* BAD_SYNTAX; WRONG_EPOCH: the trail does not reach it yet; BAD_HASH: it passes elsewhere. */
SR_MUST_CHECK enum sr_error roster_point_check(struct client *c, const char *text);

#endif
