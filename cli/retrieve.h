/* cli/retrieve.h - from a ticket to a DEK. */
#ifndef SR_CLI_RETRIEVE_H
#define SR_CLI_RETRIEVE_H

#include "cli/lookup.h"

struct retrieval {
	struct vault_secret_id id;
	uint64_t version;                /* wanted; 0: the latest */
	uint64_t nft_id; /* presented; 0: the first of the policy's that this key holds */
	const struct sr_key32 *to;       /* the X25519 key to release to; NULL: a fresh one */
	/* results */
	struct sr_hash32 ticket;
	uint64_t height;
	bool ticket_open;
	struct vault_version record;
	struct looked bytes;             /* what record borrows from */
	struct sr_key32 dek;
};

/* RETRIEVE, shares, DEK, version record. Prints what is wrong, naming the condition that failed. */
enum cli_exit retrieve_run(struct client *c, const struct key *key, struct retrieval *r);
/* TICKET_CLOSE, so that the NFT can move on; only warns. */
void retrieve_close(struct client *c, const struct key *key, struct retrieval *r);
void retrieve_clear(struct retrieval *r);

#endif
