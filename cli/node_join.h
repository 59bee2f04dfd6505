/*
 * cli/node_join.h - a node on its way into a cluster, each step said with its time:
 *
 *   trail      the epochs from the pinned genesis to today, each under the quorum before
 *   join       the node's entry and evidence, signed by its operator, as an operation
 *   admission  the members verify the evidence and vote
 *   start      the node follows as an observer: blocks, a snapshot of the state
 *   member     the next epoch, in which it has a share of the vault key
 *
 * Every step may be begun again after an interruption: what is done already is found out.
 */
#ifndef SR_CLI_NODE_JOIN_H
#define SR_CLI_NODE_JOIN_H

#include "cli/node_make.h"
#include "cli/roster.h"

struct node_joining {
	const char *dir;
	const char *via;                 /* a cluster's directory, an https:// URL, or NULL */
	const char *checkpoint;          /* EPOCH:HEX, or NULL */
	const char *genesis;             /* for its configuration: relative to dir, or whole */
	const char *operator_key;        /* a file; NULL: DIR/operator.key */
	bool start, wait;
	/* results */
	uint32_t seat;
	uint64_t epoch;                  /* the first as a member; 0: not waited for */
};
enum cli_exit node_join(struct cli *cli, struct node_joining *j);

/* The operator's key of a node: --operator-key FILE or NAME, else DIR/operator.key (dir may be
 * NULL). Prints what is wrong. */
enum cli_exit node_operator_open(
    struct cli *cli, const char *file, const char *dir, struct key **out);
/* A client whose genesis is DIR/genesis, or where DIR's configuration says; via as above, or
 * NULL: --cluster and the configuration. Connected, but for the vault key. */
enum cli_exit node_client_open(
    struct cli *cli, const char *dir, const char *via, struct client **out);

#endif
