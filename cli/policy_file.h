/*
 * cli/policy_file.h - operators' signatures of a policy, and the operation that brings them:
 *
 *   strongroom-policy-signature v1
 *   operator: <64 hexadecimal digits>
 *   signature: <128>
 */
#ifndef SR_CLI_POLICY_FILE_H
#define SR_CLI_POLICY_FILE_H

#include "attest/policy.h"
#include "cli/keyfile.h"
#include "cli/roster.h"

struct policy_signatures {
	uint32_t n;
	struct { struct sr_edpk key; struct sr_sig64 sig; } list[SR_MEMBERS_MAX]; /* keys rise */
};

/* Each prints what is wrong. add: one that is there already stays. */
enum cli_exit policy_signature_add(struct cli *cli, struct policy_signatures *s,
    const struct sr_hash32 *chain_id, const struct attest_policy *p, const struct key *k);
enum cli_exit policy_file_sign(struct cli *cli, const char *path, const struct sr_hash32 *chain_id,
    const struct attest_policy *p, const struct key *k);
/* BAD_SIGNATURE when it is not of this policy. */
enum cli_exit policy_file_add(struct cli *cli, struct policy_signatures *s,
    const struct sr_hash32 *chain_id, const struct attest_policy *p, const char *path);
/* cmd_policy.c: JSON over what p holds. */
enum cli_exit policy_file_read(struct cli *cli, const char *path, struct attest_policy *p);
/* The body of CLIENT_OP_POLICY. */
void policy_body_write(
    struct sr_writer *w, const struct attest_policy *p, const struct policy_signatures *s);
/* cmd_policy.c: sends it, by one of the signers, and waits until it is in force. r: scratch. */
enum cli_exit policy_set(struct cli *cli, struct client *c, struct client_roster *r,
    const struct attest_policy *p, const struct policy_signatures *signatures,
    const struct key *sender);

#endif
