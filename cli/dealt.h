/*
 * cli/dealt.h - secrets whose key is dealt to members of the owner's choice (decision 0013): the
 * choice, the dealing, and the shares that come back.
 */
#ifndef SR_CLI_DEALT_H
#define SR_CLI_DEALT_H

#include "cli/client.h"

/* Who holds a secret's key. dealt false: all members, as the vault key. */
struct dealt_choice {
	bool dealt;
	uint32_t threshold, n;
	uint32_t seats[VAULT_HOLDERS_MAX];       /* rising */
};

/* --mode, --threshold, --members. given: whether any was. Prints what is wrong. */
enum cli_exit dealt_choice_read(struct client *c, struct dealt_choice *out, bool *given);
/* As a version is held now: those of its holders that are still members. HOLDERS_FEW. */
SR_MUST_CHECK enum sr_error dealt_choice_keep(const struct client *c, struct dealt_choice *out,
    const struct vault_wrapped_key *key);

/* Deals a fresh secret and wraps the DEK under it. bytes: what out->dealt borrows from; it is
 * cleared first. HOLDER_UNKNOWN when one has left in the meantime. */
SR_MUST_CHECK enum sr_error dealt_wrap(struct vault_wrapped_key *out, struct sr_writer *bytes,
    struct client *c, const struct dealt_choice *choice, const struct sr_key32 *dek,
    const struct sr_hash32 *label, const struct sr_xpk *owner);

/* The holders' pairs, each checked against the dealing, until t good ones give the KEM key; who
 * gave a bad one is named. *moved: holders are at another generation than this record; read it
 * again (the error is SECRET_VERSION then). */
SR_MUST_CHECK enum sr_error dealt_shares(struct client *c, const struct sr_hash32 *ticket,
    const struct sr_key32 *e_secret, const struct vault_dealt *dealt,
    const struct sr_hash32 *label, struct sr_key32 *kem, bool *moved);

/* "dealt to 2 of operator-1, operator-2, operator-3" for people; mode, threshold and holders as
 * JSON. */
void dealt_show(struct client *c, const struct vault_wrapped_key *key);

#endif
