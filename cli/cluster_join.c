/* cluster join: one more node in the directory of a cluster on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cluster.h"
#include "cli/node_join.h"
#include "cli/policy_file.h"

#define PORT_FIRST 7700u
#define PORT_TRIES 2000u

/* --- its directory --- */

/* A node of this directory that is stopped wants its ports back. */
static bool ports_reserved(const struct cluster_node *nodes, uint32_t n, uint16_t port)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *colon = strrchr(nodes[i].url, ':');
		long its = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;

		if (its + 1 >= port && its <= port + 1)
			return true;
	}
	return false;
}

/* Two free ones, or 0. Clusters that join nodes side by side look in different places first: who
 * looks a moment later sees the same ports free until a node takes them. */
static uint16_t ports_choose(struct cli *cli, const char *dir)
{
	struct cluster_node *nodes = calloc(CLUSTER_NODES_MAX, sizeof *nodes);
	uint32_t n = 0, place = (uint32_t)getpid() % PORT_TRIES;
	uint16_t port = 0;

	SR_ASSERT(nodes != NULL);
	if (cluster_nodes(cli, dir, nodes, &n) != CLI_DONE)
		n = 0;
	for (uint32_t i = 0; i < PORT_TRIES && port == 0; i++) {
		uint16_t at = (uint16_t)(PORT_FIRST + 2 * ((place + i) % PORT_TRIES));

		if (!ports_reserved(nodes, n, at))
			port = node_ports_free(2, at, 2, 1);
	}
	free(nodes);
	return port;
}

static enum cli_exit entry_make(struct cli *cli, const char *cluster, const char *dir,
    uint32_t number, struct node_entry *e)
{
	uint16_t port = ports_choose(cli, cluster);

	memset(e, 0, sizeof *e);
	if (!node_platform_given(cli, &e->platform))
		return CLI_USAGE;
	if (port == 0)
		return cli_fail(cli, SR_ERR_IN_USE, "no free ports were found");
	snprintf(e->name, sizeof e->name, "node-%u", number);
	snprintf(e->url, sizeof e->url, "https://127.0.0.1:%u", port);
	snprintf(e->link, sizeof e->link, "tcp://127.0.0.1:%u", port + 1);
	snprintf(e->rpc_listen, sizeof e->rpc_listen, "127.0.0.1:%u", port);
	snprintf(e->link_listen, sizeof e->link_listen, "tcp://127.0.0.1:%u", port + 1);
	if (mkdir(dir, 0700) != 0)
		return cli_fail(cli, SR_ERR_IO, "making %s", dir);
	return CLI_DONE;
}

static enum cli_exit node_make(
    struct cli *cli, const char *cluster, const char *dir, uint32_t number)
{
	struct node_entry e;
	struct key *operator_key = NULL;
	enum cli_exit rc = entry_make(cli, cluster, dir, number, &e);

	if (rc == CLI_DONE)
		rc = node_identity_make(cli, dir, &e.identity);
	if (rc == CLI_DONE)
		rc = node_https_make(cli, dir, &e.pin);
	if (rc == CLI_DONE)
		rc = node_operator_make(cli, dir, &operator_key);
	if (rc == CLI_DONE)
		rc = node_entry_write(cli, dir, &e);
	key_free(operator_key);
	return rc;
}

/* --- its operator in the policy --- */

static enum sr_error operator_add(struct attest_policy *p, const struct sr_edpk *key)
{
	uint32_t at = 0;

	if (p->operators_n == ATTEST_POLICY_OPERATORS_MAX)
		return SR_ERR_TOO_MANY;
	while (at < p->operators_n && memcmp(p->operators[at].b, key->b, sizeof key->b) < 0)
		at++;
	memmove(&p->operators[at + 1], &p->operators[at],
	    (p->operators_n - at) * sizeof p->operators[0]);
	p->operators[at] = *key;
	p->operators_n++;
	return SR_OK;
}

static bool operates(const struct epoch_record *now, const struct key *k)
{
	for (uint32_t i = 0; i < now->n; i++)
		if (memcmp(now->members[i].operator_key.b, k->account.b, 32) == 0)
			return true;
	return false;
}

static bool access_operator(const char *node_dir)
{
	char path[CLI_PATH_MAX];

	return snprintf(path, sizeof path, "%s/operator.key", node_dir) < (int)sizeof path
	    && access(path, R_OK) == 0;
}

/* All operators' keys that are in this directory: here they are one person. */
static enum cli_exit sign_all(struct cli *cli, const char *dir, struct client *c,
    const struct attest_policy *p, struct policy_signatures *s, struct key **sender)
{
	struct cluster_node *nodes = calloc(CLUSTER_NODES_MAX, sizeof *nodes);
	uint32_t n = 0;
	enum cli_exit rc;

	SR_ASSERT(nodes != NULL);
	rc = cluster_nodes(cli, dir, nodes, &n);
	for (uint32_t i = 0; i < n && rc == CLI_DONE; i++) {
		char path[CLI_PATH_MAX];
		struct key *k = NULL;

		snprintf(path, sizeof path, "%.4000s/node-%u", dir, nodes[i].number);
		/* Independent operators' keys need not be here. */
		if (access_operator(path) && node_operator_open(cli, NULL, path, &k) != CLI_DONE)
			continue;
		if (k == NULL)
			continue;
		if (operates(c->epoch, k)) {
			rc = policy_signature_add(cli, s, &c->genesis->chain_id, p, k);
			if (*sender == NULL) {
				*sender = k;
				k = NULL;
			}
		}
		key_free(k);
	}
	free(nodes);
	if (rc == CLI_DONE && *sender == NULL)
		rc = cli_fail(cli, SR_ERR_NOT_FOUND, "no operator's key of a member is in %s", dir);
	return rc;
}

static enum cli_exit policy_let_in(struct cli *cli, const char *dir, struct client *c,
    struct client_roster *r, const struct sr_edpk *newcomer)
{
	struct attest_policy *p = malloc(sizeof *p);
	struct policy_signatures *s = calloc(1, sizeof *s);
	struct key *sender = NULL;
	enum sr_error error;
	enum cli_exit rc;

	SR_ASSERT(p != NULL && s != NULL);
	*p = r->policy;
	p->number = roster_policy_next(r);
	if (r->has_announced)
		cli_say(cli, "policy %llu, announced and not yet in force, is over with this one\n",
		    (unsigned long long)r->announced.number);
	error = operator_add(p, newcomer);
	rc = error == SR_OK ? sign_all(cli, dir, c, p, s, &sender)
			    : cli_fail(cli, error, "the operators in the policy");
	if (rc == CLI_DONE)
		rc = policy_set(cli, c, r, p, s, sender);
	key_free(sender);
	free(s);
	free(p);
	return rc;
}

static enum cli_exit policy_step(struct cli *cli, const char *dir, const char *node_dir)
{
	struct client_roster *r = calloc(1, sizeof *r);
	struct client *c = NULL;
	struct key *k = NULL;
	struct sr_edpk key;
	enum sr_error error;
	enum cli_exit rc = node_operator_open(cli, NULL, node_dir, &k);

	SR_ASSERT(r != NULL);
	if (rc == CLI_DONE)
		rc = node_client_open(cli, NULL, dir, &c);
	if (rc == CLI_DONE) {
		memcpy(key.b, k->account.b, sizeof key.b);
		error = roster_fetch(c, r);
		if (error != SR_OK)
			rc = client_fail(c, error, "asking for the roster");
		else if (!attest_policy_operator(&r->policy, &key) && !operates(c->epoch, k))
			rc = policy_let_in(cli, dir, c, r, &key);
	}
	client_close(c);
	key_free(k);
	free(r);
	return rc;
}

/* --- the whole --- */

static enum cli_exit number_choose(struct cli *cli, const char *dir, uint32_t *number)
{
	struct cluster_node *nodes = calloc(CLUSTER_NODES_MAX, sizeof *nodes);
	uint64_t given = 0;
	uint32_t n = 0;
	enum cli_exit rc;

	SR_ASSERT(nodes != NULL);
	rc = cluster_nodes(cli, dir, nodes, &n);
	*number = n > 0 ? nodes[n - 1].number + 1 : 0;
	free(nodes);
	if (rc == CLI_DONE && cli->node != NULL) {
		if (!cli_number(cli, &given, "--node", cli->node, 0, CLUSTER_NODES_MAX - 1))
			return CLI_USAGE;
		*number = (uint32_t)given;
	}
	return rc;
}

enum cli_exit cluster_join(struct cli *cli, const char *dir)
{
	char path[CLI_PATH_MAX], name[24];
	struct node_joining j = { .dir = path, .via = dir, .genesis = "../genesis",
		.checkpoint = cli->checkpoint, .start = true,
		.wait = !cli_has(cli, "no-wait") };
	uint32_t number;
	enum cli_exit rc = number_choose(cli, dir, &number);

	cli->node = NULL;
	if (rc != CLI_DONE)
		return rc;
	snprintf(name, sizeof name, "node-%u", number);
	rc = node_path_of(cli, path, dir, name);
	/* One that was begun goes on. */
	if (rc == CLI_DONE && access(path, F_OK) != 0)
		rc = node_make(cli, dir, path, number);
	if (rc == CLI_DONE)
		rc = policy_step(cli, dir, path);
	if (rc == CLI_DONE)
		rc = node_join(cli, &j);
	if (rc == CLI_DONE)
		cli_put_number(cli, "node", number);
	return rc;
}
