/* cluster init: keys, identities, evidence, genesis, configurations. */
#include "cli/cluster.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT_FIRST 7700u
#define PORT_STEP 100u
#define PORT_TRIES 60u

/* --- ports --- */

static uint16_t first_taken(const struct cluster_plan *plan)
{
	for (uint32_t i = 0; i < 2 * plan->nodes; i++)
		if (!node_port_free((uint16_t)(plan->base_port + i)))
			return (uint16_t)(plan->base_port + i);
	return 0;
}

static enum cli_exit ports_choose(struct cli *cli, struct cluster_plan *plan)
{
	uint16_t taken = 0;

	/* Which ports are free elsewhere can't be seen from here. */
	if (plan->hosts != NULL) {
		plan->base_port = plan->base_port != 0 ? plan->base_port : PORT_FIRST;
		return CLI_DONE;
	}
	if (plan->base_port != 0) {
		taken = first_taken(plan);
		if (taken != 0)
			return cli_fail(cli, SR_ERR_IN_USE,
			    "port %u is in use; choose another --base-port", taken);
		return CLI_DONE;
	}
	for (uint32_t i = 0; i < PORT_TRIES; i++) {
		plan->base_port = (uint16_t)(PORT_FIRST + i * PORT_STEP);
		if (first_taken(plan) == 0)
			return CLI_DONE;
	}
	return cli_fail(cli, SR_ERR_IN_USE, "no free ports were found; give --base-port");
}

/* --- one node --- */

static const char *host_of(const struct cluster_plan *plan, uint32_t node)
{
	return plan->hosts != NULL ? plan->hosts[node] : "127.0.0.1";
}

static enum cli_exit config_write(
    struct cli *cli, const struct cluster_plan *plan, uint32_t node, const char *dir)
{
	char comment[96], rpc[64], links[64];
	unsigned port = plan->base_port + 2 * node;
	const struct node_config config = { .comment = comment, .genesis = "../genesis",
		.seat = node, .rpc_listen = rpc, .link_listen = links,
		.platform = &plan->platforms[node] };

	snprintf(comment, sizeof comment,
	    "Node %u of a cluster %s; made by strongroom cluster init.", node,
	    plan->hosts != NULL ? "for tests" : "on this machine");
	snprintf(rpc, sizeof rpc, "%s:%u", host_of(plan, node), port);
	snprintf(links, sizeof links, "tcp://%s:%u", host_of(plan, node), port + 1);
	return node_config_write(cli, dir, &config);
}

/* Entry, evidence and signature of one member. evidence: kept until the genesis is encoded. */
static enum cli_exit member_fill(struct cli *cli, struct genesis *g, uint32_t i,
    const struct cluster_plan *plan, const struct genesis_identity *identity,
    const struct sr_hash32 *pin, const struct key *operator_key, struct sr_writer *evidence)
{
	struct genesis_member *m = &g->members[i];
	unsigned port = plan->base_port + 2 * i;
	uint8_t report_data[64];
	int n = snprintf((char *)m->name, sizeof m->name, "node-%u", i);
	enum cli_exit rc;

	m->name_n = (size_t)n;
	memcpy(m->operator_key.b, operator_key->account.b, sizeof m->operator_key.b);
	m->id_key = identity->id_key;
	m->vote_key = identity->vote_key;
	memcpy(m->box_key, identity->box_key, sizeof m->box_key);
	snprintf(m->url, sizeof m->url, "https://%s:%u", host_of(plan, i), port);
	snprintf(m->link, sizeof m->link, "tcp://%s:%u", host_of(plan, i), port + 1);
	m->url_pin = *pin;
	genesis_report_data(report_data, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &g->nonce);
	sr_writer_init(evidence, GENESIS_EVIDENCE_MAX);
	rc = node_evidence(cli, evidence, &plan->platforms[i], operator_key,
	    &identity->measurement, report_data);
	if (rc != CLI_DONE)
		return rc;
	m->evidence = (struct sr_bytes){ evidence->p, evidence->n };
	genesis_member_sign(m, &g->nonce, &operator_key->ed);
	if (plan->platforms[i].kind != PLATFORM_SOFTWARE)
		return CLI_DONE;
	return genesis_measurement_add(g, &identity->measurement) == SR_OK
	    ? CLI_DONE
	    : cli_fail(cli, SR_ERR_TOO_MANY, "the measurements of the genesis");
}

/* As one that joins by hand has it: for new evidence later. */
static enum cli_exit entry_write(struct cli *cli, const struct cluster_plan *plan,
    const struct genesis_member *m, uint32_t i, const struct genesis_identity *identity,
    const char *dir)
{
	struct node_entry *e = calloc(1, sizeof *e);
	unsigned port = plan->base_port + 2 * i;
	enum cli_exit rc;

	SR_ASSERT(e != NULL);
	memcpy(e->name, m->name, m->name_n);
	memcpy(e->url, m->url, sizeof e->url);
	memcpy(e->link, m->link, sizeof e->link);
	snprintf(e->rpc_listen, sizeof e->rpc_listen, "%s:%u", host_of(plan, i), port);
	snprintf(e->link_listen, sizeof e->link_listen, "tcp://%s:%u", host_of(plan, i), port + 1);
	e->pin = m->url_pin;
	e->identity = *identity;
	e->platform = plan->platforms[i];
	rc = node_entry_write(cli, dir, e);
	free(e);
	return rc;
}

static enum cli_exit node_make(struct cli *cli, const struct cluster_plan *plan, struct genesis *g,
    uint32_t i, struct sr_writer *evidence)
{
	char dir[CLI_PATH_MAX], name[16];
	struct genesis_identity identity;
	struct sr_hash32 pin;
	struct key *operator_key = NULL;
	enum cli_exit rc;

	snprintf(name, sizeof name, "node-%u", i);
	rc = node_path_of(cli, dir, plan->dir, name);
	if (rc == CLI_DONE && mkdir(dir, 0700) != 0)
		rc = cli_fail(cli, SR_ERR_IO, "making %s", dir);
	if (rc == CLI_DONE)
		rc = node_identity_make(cli, dir, &identity);
	if (rc == CLI_DONE)
		rc = node_https_make(cli, dir, &pin);
	if (rc == CLI_DONE)
		rc = node_operator_make(cli, dir, &operator_key);
	if (rc == CLI_DONE)
		rc = member_fill(cli, g, i, plan, &identity, &pin, operator_key, evidence);
	if (rc == CLI_DONE)
		rc = config_write(cli, plan, i, dir);
	if (rc == CLI_DONE)
		rc = entry_write(cli, plan, &g->members[i], i, &identity, dir);
	key_free(operator_key);
	return rc;
}

/* --- the whole --- */

static enum cli_exit genesis_write(
    struct cli *cli, const struct cluster_plan *plan, struct genesis *g)
{
	struct sr_writer w;
	enum sr_error error;
	enum cli_exit rc = CLI_DONE;

	sr_writer_init(&w, GENESIS_FILE_MAX);
	error = genesis_encode(&w, g);
	if (error == SR_OK)
		error = sr_writer_finish(&w);
	rc = error == SR_OK ? node_file_write(cli, plan->dir, "genesis", w.p, w.n, 0644)
			    : cli_fail(cli, error, "writing the genesis");
	sr_writer_clear(&w);
	return rc;
}

static bool directory_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	bool empty = true;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			empty = false;
	if (d != NULL)
		closedir(d);
	return empty;
}

/* Only what this run made: the files of a node are all of known names. */
static void unmake(const struct cluster_plan *plan, bool made)
{
	static const char *const names[] = { "sealing.key", "identity", "https.key", "https.crt",
		"operator.key", "strongroomd.yaml", "entry", "" };
	char path[CLI_PATH_MAX];

	for (uint32_t i = 0; i < plan->nodes; i++)
		for (unsigned k = 0; k < sizeof names / sizeof names[0]; k++)
			if (snprintf(path, sizeof path, "%s/node-%u/%s", plan->dir, i, names[k])
			    < (int)sizeof path)
				(void)!(names[k][0] != '\0' ? unlink(path) : rmdir(path));
	if (snprintf(path, sizeof path, "%s/genesis", plan->dir) < (int)sizeof path)
		unlink(path);
	if (made)
		rmdir(plan->dir);
}

static enum cli_exit genesis_make(struct cli *cli, const struct cluster_plan *plan)
{
	struct genesis *g = calloc(1, sizeof *g);
	struct sr_writer *evidence = calloc(plan->nodes, sizeof *evidence);
	uint32_t n = plan->nodes, made = 0;
	enum cli_exit rc = CLI_DONE;

	SR_ASSERT(g != NULL && evidence != NULL);
	if (sr_random_system(g->nonce.b, sizeof g->nonce.b) != SR_OK)
		rc = cli_fail(cli, SR_ERR_RANDOM_FAILED, "starting");
	g->name_n = strlen(plan->name);
	memcpy(g->name, plan->name, g->name_n);
	g->created_ms = cli_now_ms();
	g->policy = *plan->policy;
	g->slot_ms = plan->slot_ms;
	g->slot_min_ms = plan->slot_min_ms;
	g->threshold = plan->threshold;
	g->members_n = n;
	for (; made < n && rc == CLI_DONE; made++)
		rc = node_make(cli, plan, g, made, &evidence[made]);
	if (rc == CLI_DONE)
		rc = genesis_write(cli, plan, g);
	if (rc == CLI_DONE)
		cli_put_hex(cli, "chain_id", g->chain_id.b, sizeof g->chain_id.b);
	for (uint32_t i = 0; i < made; i++)
		sr_writer_clear(&evidence[i]);
	free(evidence);
	free(g);
	return rc;
}

enum cli_exit cluster_make(struct cli *cli, struct cluster_plan *plan)
{
	bool made = mkdir(plan->dir, 0700) == 0;
	enum cli_exit rc;

	if (!made && errno != EEXIST)
		return cli_usage(
		    cli, errno == ENOENT ? SR_ERR_NOT_FOUND : SR_ERR_IO, "making %s", plan->dir);
	if (!made && !directory_empty(plan->dir))
		return cli_fail(
		    cli, SR_ERR_IN_USE, "%s is not empty; nothing was changed", plan->dir);
	rc = ports_choose(cli, plan);
	if (rc == CLI_DONE)
		rc = genesis_make(cli, plan);
	if (rc != CLI_DONE)
		unmake(plan, made);
	return rc;
}
