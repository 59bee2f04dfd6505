/* cli/cluster.h - a whole cluster on this machine: its directory, its processes. */
#ifndef SR_CLI_CLUSTER_H
#define SR_CLI_CLUSTER_H

#include <sys/types.h>

#include "cli/client.h"
#include "cli/node_make.h"

#define CLUSTER_HOST_MAX 16u             /* a.b.c.d */

struct cluster_plan {
	const char *dir;
	uint32_t nodes, slot_ms, slot_min_ms, threshold;
	uint16_t base_port;              /* node i: base + 2 i for clients, + 1 for links */
	/* --hosts: an IPv4 address a node. NULL: all on 127.0.0.1. */
	const char (*hosts)[CLUSTER_HOST_MAX];
	const char *name;
	const struct attest_policy *policy;      /* measurements of software are added */
	const struct node_platform *platforms;   /* of each node */
};

/* Everything a cluster needs to start, made below plan->dir. Prints what is wrong, and leaves
 * nothing then. */
enum cli_exit cluster_make(struct cli *cli, struct cluster_plan *plan);

/* --- its nodes --- a directory node-N each. A node's number is its own: which member it is, if
 * any, is told by its URL. */
#define CLUSTER_NODES_MAX 1000u
struct cluster_node {
	uint32_t number;
	uint32_t member;                 /* index in the roster it was matched with; EPOCH_NOBODY */
	bool begun;                      /* it has no configuration yet: cluster join goes on */
	char url[GENESIS_URL_MAX];
};
/* In the order of their numbers. nodes: CLUSTER_NODES_MAX. Prints what is wrong. */
enum cli_exit cluster_nodes(
    struct cli *cli, const char *dir, struct cluster_node *nodes, uint32_t *n);
void cluster_nodes_match(struct cluster_node *nodes, uint32_t n, const struct epoch_record *record);

/* cluster join: a node of the next free number (or --node), in the policy, a member. */
enum cli_exit cluster_join(struct cli *cli, const char *dir);

/* A program of this installation: beside this one, else by PATH. */
void cluster_program(char out[CLI_PATH_MAX], const char *name);

/* --- processes --- of the node in a directory of its own */
/* The running strongroomd: its pid, or 0. A pid file counts only when the process with that number
 * started when the file says: numbers are used again. */
pid_t node_pid(const char *dir);
SR_MUST_CHECK enum sr_error node_spawn(const char *dir, pid_t *pid);
/* Signals it and waits until it is gone. TIMED_OUT. */
SR_MUST_CHECK enum sr_error node_end(const char *dir, int signal_number, uint64_t timeout_ms);
/* The last lines of its log, on stderr. */
void node_log_tail(const char *dir);
/* The same for node N of a cluster's directory. */
pid_t cluster_pid(const char *dir, uint32_t node);
SR_MUST_CHECK enum sr_error cluster_spawn(const char *dir, uint32_t node, pid_t *pid);
SR_MUST_CHECK enum sr_error cluster_end(const char *dir, uint32_t node, int signal_number,
    uint64_t timeout_ms);
void cluster_log_tail(const char *dir, uint32_t node);

#endif
