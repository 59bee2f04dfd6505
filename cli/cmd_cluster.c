/* strongroom cluster: a whole cluster on this machine, to try it out or for tests. */
#include <arpa/inet.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cluster.h"
#include "cli/policy_file.h"

#define NODES_MAX 64u
#define START_MS 60000u
#define STOP_MS 30000u
#define LOOK_MS 50u

/* --- init --- */

/* "10.0.0.1,10.0.0.2,...": one for each node, in their order. */
static bool hosts_read(struct cli *cli, char (*hosts)[CLUSTER_HOST_MAX], uint64_t nodes)
{
	const char *p = cli_value(cli, "hosts");
	struct in_addr address;
	uint64_t i = 0;

	for (; *p != '\0' && i < nodes; i++) {
		size_t n = strcspn(p, ",");

		if (n >= CLUSTER_HOST_MAX)
			break;
		memcpy(hosts[i], p, n);
		hosts[i][n] = '\0';
		if (inet_pton(AF_INET, hosts[i], &address) != 1)
			break;
		p += p[n] == ',' ? n + 1 : n;
	}
	if (i == nodes && *p == '\0' && p[-1] != ',')
		return true;
	cli_usage(cli, SR_ERR_BAD_SYNTAX, "--hosts needs %u IPv4 addresses with commas between",
	    (unsigned)nodes);
	return false;
}

/* The policy of the genesis: the default one, with what --policy FILE says instead. */
static bool policy_read(struct cli *cli, struct attest_policy *policy)
{
	const char *path = cli_value(cli, "policy");

	attest_policy_default(policy);
	/* Renewed software evidence is the operator's same word again: he would give it daily for
	 * nothing. */
	policy->reattest_ms = 0;
	if (path == NULL)
		return true;
	if (policy_file_read(cli, path, policy) != CLI_DONE)
		return false;
	if (policy->number == 1)
		return true;
	cli_usage(cli, SR_ERR_OUT_OF_RANGE, "%s: the first policy has number 1", path);
	return false;
}

/* The i-th of a repeated option is node i's; one alone is everybody's. */
static bool of_each(struct cli *cli, const char *name, uint64_t nodes, size_t at, size_t most,
    struct node_platform *platforms)
{
	unsigned n = 0;

	while (cli_value_at(cli, name, n) != NULL)
		n++;
	if (n > 1 && n != nodes) {
		cli_usage(cli, SR_ERR_USAGE, "--%s: one for all nodes, or one for each of %u", name,
		    (unsigned)nodes);
		return false;
	}
	for (uint64_t i = 0; n > 0 && i < nodes; i++) {
		const char *value = cli_value_at(cli, name, n > 1 ? (unsigned)i : 0);

		if (strlen(value) >= most) {
			cli_usage(cli, SR_ERR_TOO_LONG, "--%s", name);
			return false;
		}
		memcpy((char *)&platforms[i] + at, value, strlen(value) + 1);
	}
	return true;
}

static bool platforms_read(struct cli *cli, struct node_platform *platforms, uint64_t nodes)
{
	struct node_platform first;

	if (!node_platform_given(cli, &first))
		return false;
	for (uint64_t i = 0; i < nodes; i++)
		platforms[i] = (struct node_platform){ .kind = first.kind };
	return of_each(cli, "tcti", nodes, offsetof(struct node_platform, tcti), sizeof first.tcti,
		   platforms)
	    && of_each(cli, "collateral", nodes, offsetof(struct node_platform, collateral),
		sizeof first.collateral, platforms)
	    && of_each(cli, "vouchers", nodes, offsetof(struct node_platform, vouchers),
		sizeof first.vouchers, platforms);
}

static bool plan_read(struct cli *cli, struct cluster_plan *plan)
{
	static char hosts[NODES_MAX][CLUSTER_HOST_MAX];
	static struct node_platform platforms[NODES_MAX];
	static struct attest_policy policy;
	uint64_t nodes = 4, slot = 300, slot_min = 10, port = 0, threshold;
	const char *name = cli_value(cli, "name");

	if (!cli_option_number(cli, &nodes, "nodes", 3, NODES_MAX) ||
	    !cli_option_number(cli, &slot, "slot-ms", 20, 60000))
		return false;
	threshold = nodes / 2 + 1;
	if (!cli_option_number(cli, &slot_min, "slot-min-ms", 1, slot) ||
	    !cli_option_number(cli, &port, "base-port", 1024, 65536 - 2 * nodes) ||
	    !cli_option_number(cli, &threshold, "threshold", consensus_faults((uint32_t)nodes) + 1,
	    nodes - consensus_faults((uint32_t)nodes)))
		return false;
	if (name != NULL && !sr_name_valid((const uint8_t *)name, strlen(name))) {
		cli_usage(cli, SR_ERR_NAME_BAD, "--name");
		return false;
	}
	if (cli_has(cli, "hosts") && !hosts_read(cli, hosts, nodes))
		return false;
	if (!policy_read(cli, &policy) || !platforms_read(cli, platforms, nodes))
		return false;
	*plan = (struct cluster_plan){ .dir = cli->args[0],
		.hosts = cli_has(cli, "hosts") ? (const char(*)[CLUSTER_HOST_MAX])hosts : NULL,
		.nodes = (uint32_t)nodes,
		.slot_ms = (uint32_t)slot,
		.slot_min_ms = (uint32_t)slot_min,
		.base_port = (uint16_t)port,
		.threshold = (uint32_t)threshold,
		.name = name != NULL ? name : "strongroom",
		.policy = &policy,
		.platforms = platforms };
	return true;
}

static enum cli_exit run_init(struct cli *cli)
{
	char attestation[GENESIS_ATTESTATION_MAX];
	struct cluster_plan plan;
	enum cli_exit rc;

	if (!plan_read(cli, &plan))
		return CLI_USAGE;
	rc = cluster_make(cli, &plan);
	if (rc != CLI_DONE)
		return rc;
	cli_put_text(cli, "directory", plan.dir);
	cli_put_number(cli, "nodes", plan.nodes);
	cli_put_number(cli, "threshold", plan.threshold);
	cli_put_number(cli, "faults", consensus_faults(plan.nodes));
	cli_put_number(cli, "base_port", plan.base_port);
	genesis_attestation_text(attestation, plan.policy);
	cli_put_text(cli, "attestation", attestation);
	cli_say(cli,
	    "%s: %u nodes on %s, ports %u to %u; any %u of their shares open a secret\n"
	    "attestation: %s%s\n",
	    plan.dir, plan.nodes, plan.hosts != NULL ? cli_value(cli, "hosts") : "127.0.0.1",
	    plan.base_port, plan.base_port + 2 * plan.nodes - 1, plan.threshold, attestation,
	    genesis_attestation_software(plan.policy)
		? " (no TEE: whoever is root on a node's machine can read its enclave)"
		: "");
	if (consensus_faults(plan.nodes) == 0)
		cli_say(cli,
		    "%u nodes bear crashes only: one that lies is not borne; take 4 or more for "
		    "that\n",
		    plan.nodes);
	if (plan.hosts == NULL)
		cli_say(cli, "next: strongroom cluster start %s\n", plan.dir);
	else
		cli_say(cli, "next: strongroomd --config %s/node-0/strongroomd.yaml, and so on\n",
		    plan.dir);
	return CLI_DONE;
}

/* --- which nodes --- */

struct nodes {
	struct client *c;
	uint32_t n;
	struct cluster_node list[CLUSTER_NODES_MAX];
	pid_t pids[CLUSTER_NODES_MAX];   /* those that this run started */
	struct enclave_status statuses[SR_MEMBERS_MAX];
	bool ok[SR_MEMBERS_MAX];
};

/* --node is a node's number here, not a URL. */
static enum cli_exit only_one(struct cli *cli, struct nodes *s, const char *only)
{
	uint64_t number;

	if (!cli_number(cli, &number, "--node", only, 0, CLUSTER_NODES_MAX - 1))
		return CLI_USAGE;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->list[i].number == number) {
			s->list[0] = s->list[i];
			s->n = 1;
			return CLI_DONE;
		}
	return cli_usage(cli, SR_ERR_NOT_FOUND, "there is no node %u", (unsigned)number);
}

static void nodes_close(struct nodes *s)
{
	if (s != NULL)
		client_close(s->c);
	free(s);
}

static enum cli_exit nodes_open(struct cli *cli, struct nodes **out)
{
	struct nodes *s = calloc(1, sizeof *s);
	const char *only = cli->node;
	enum cli_exit rc;

	SR_ASSERT(s != NULL);
	cli->cluster = cli->args[0];
	cli->node = NULL;
	rc = client_open(cli, &s->c);
	if (rc == CLI_DONE)
		rc = cluster_nodes(cli, cli->args[0], s->list, &s->n);
	if (rc == CLI_DONE && only != NULL)
		rc = only_one(cli, s, only);
	if (rc == CLI_DONE) {
		cluster_nodes_match(s->list, s->n, s->c->epoch);
	} else {
		nodes_close(s);
		s = NULL;
	}
	*out = s;
	return rc;
}

/* What the members say now, those of the newest epoch. */
static void nodes_look(struct nodes *s)
{
	uint64_t newest = 0;
	bool any = false;

	client_statuses(s->c, s->statuses, s->ok, 2000);
	for (uint32_t i = 0; i < s->c->epoch->n; i++) {
		any |= s->ok[i];
		if (s->ok[i] && s->statuses[i].epoch > newest)
			newest = s->statuses[i].epoch;
	}
	if ((!any || newest > s->c->epoch->epoch) && client_epoch_moved(s->c)) {
		cluster_nodes_match(s->list, s->n, s->c->epoch);
		client_statuses(s->c, s->statuses, s->ok, 2000);
	}
}

/* --- start --- */

static enum cli_exit spawn_all(struct cli *cli, struct nodes *s)
{
	enum sr_error error;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->list[i].begun || cluster_pid(cli->args[0], s->list[i].number) != 0)
			continue;
		error = cluster_spawn(cli->args[0], s->list[i].number, &s->pids[i]);
		if (error != SR_OK)
			return cli_fail(cli, error, "starting node %u", s->list[i].number);
	}
	return CLI_DONE;
}

/* One that ended right away has something to say, unless it is no member: it may have left. */
static enum cli_exit all_alive(struct cli *cli, struct nodes *s)
{
	int status;

	for (uint32_t i = 0; i < s->n; i++) {
		if (s->pids[i] == 0 || waitpid(s->pids[i], &status, WNOHANG) != s->pids[i])
			continue;
		s->pids[i] = 0;
		if (s->list[i].member == EPOCH_NOBODY) {
			cli_warn(cli, "strongroom: node %u is no member and does not run\n",
			    s->list[i].number);
			continue;
		}
		cluster_log_tail(cli->args[0], s->list[i].number);
		return cli_fail(cli, SR_ERR_NOT_READY, "node %u ended with status %d",
		    s->list[i].number,
		    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	return CLI_DONE;
}

/* The nodes asked for that are members: do they answer, are not recovering, and hold their part of
 * the vault key? */
static uint32_t count_ready(struct nodes *s, uint32_t *wanted)
{
	uint32_t ready = 0;

	nodes_look(s);
	*wanted = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t m = s->list[i].member;

		if (m == EPOCH_NOBODY)
			continue;
		++*wanted;
		ready += s->ok[m] && s->statuses[m].vault_ready && !s->statuses[m].recovering;
	}
	return ready;
}

static enum cli_exit wait_ready(struct cli *cli, struct nodes *s)
{
	uint64_t limit = cli_has(cli, "timeout") ? cli->timeout_ms : START_MS;
	uint64_t until = cli_monotonic_ms() + limit;
	bool show = !cli->json && isatty(STDERR_FILENO), drawn = false;
	uint32_t ready = 0, wanted = 0;
	enum cli_exit rc;

	while ((rc = all_alive(cli, s)) == CLI_DONE && (ready = count_ready(s, &wanted)) < wanted) {
		if (cli_monotonic_ms() >= until)
			break;
		if (show)
			fprintf(stderr,
			    "\rwaiting: %u of %u have their part of the vault key\033[K", ready,
			    wanted);
		drawn = show;
		cli_pause_ms(LOOK_MS);
	}
	if (drawn)
		fprintf(stderr, "\r\033[K");
	if (rc == CLI_DONE && ready < wanted)
		rc = cli_fail(cli, SR_ERR_TIMED_OUT,
		    "%u of %u nodes were ready in time; they go on running (see node-*/log)", ready,
		    wanted);
	return rc;
}

static void put_node(struct cli *cli, const struct nodes *s, uint32_t i)
{
	const struct cluster_node *node = &s->list[i];

	cli_list_item(cli);
	cli_put_number(cli, "node", node->number);
	if (node->member != EPOCH_NOBODY) {
		cli_put_number(cli, "member", node->member);
		cli_put_number(cli, "seat", s->c->epoch->members[node->member].seat);
	}
	cli_put_text(cli, "url", node->url);
	cli_put_number(cli, "pid", (uint64_t)cluster_pid(cli->args[0], node->number));
}

static enum cli_exit run_start(struct cli *cli)
{
	struct nodes *s;
	uint32_t running = 0;
	enum cli_exit rc = nodes_open(cli, &s);

	if (rc != CLI_DONE)
		return rc;
	rc = spawn_all(cli, s);
	if (rc == CLI_DONE && !cli_has(cli, "no-wait"))
		rc = wait_ready(cli, s);
	cli_list_begin(cli, "members");
	for (uint32_t i = 0; i < s->n; i++) {
		put_node(cli, s, i);
		running += cluster_pid(cli->args[0], s->list[i].number) != 0;
	}
	cli_list_end(cli);
	if (rc == CLI_DONE)
		cli_say(cli, "%u node%s running\n", running, running == 1 ? " is" : "s are");
	nodes_close(s);
	return rc;
}

/* --- stop, status --- */

static enum cli_exit run_stop(struct cli *cli)
{
	uint64_t limit = cli_has(cli, "timeout") ? cli->timeout_ms : STOP_MS;
	struct nodes *s;
	uint32_t running = 0;
	int signal_number = cli_has(cli, "kill") ? SIGKILL : SIGTERM;
	enum sr_error error;
	enum cli_exit rc = nodes_open(cli, &s);

	if (rc != CLI_DONE)
		return rc;
	/* All at once: one after another, the last ones would wait for the first ones. */
	for (uint32_t i = 0; i < s->n; i++) {
		pid_t pid = cluster_pid(cli->args[0], s->list[i].number);

		running += pid != 0;
		if (pid != 0)
			kill(pid, signal_number);
	}
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t number = s->list[i].number;

		error = cluster_end(cli->args[0], number, signal_number, limit);
		if (error != SR_OK)
			rc = cli_fail(cli, error, "node %u did not stop (pid %ld)", number,
			    (long)cluster_pid(cli->args[0], number));
	}
	cli_put_number(cli, "stopped", running);
	if (rc == CLI_DONE)
		cli_say(cli, "%u stopped\n", running);
	nodes_close(s);
	return rc;
}

static const char *node_state(const struct nodes *s, const struct cluster_node *node, pid_t pid)
{
	uint32_t m = node->member;

	if (node->begun)
		return "joining";
	if (m == EPOCH_NOBODY)
		return pid == 0 ? "no member" : "following";
	if (pid == 0)
		return "stopped";
	if (!s->ok[m])
		return "no answer";
	if (s->statuses[m].recovering)
		return "recovering";
	return s->statuses[m].vault_ready ? "good" : "making the vault key";
}

static void status_row(struct cli *cli, const struct nodes *s, uint32_t i, struct cli_table *table)
{
	const struct cluster_node *node = &s->list[i];
	pid_t pid = cluster_pid(cli->args[0], node->number);
	const char *state = node_state(s, node, pid);
	bool ok = node->member != EPOCH_NOBODY && s->ok[node->member];
	uint64_t height = ok ? s->statuses[node->member].final_height : 0;

	put_node(cli, s, i);
	cli_put_text(cli, "state", state);
	if (ok)
		cli_put_number(cli, "final_height", height);
	cli_table_cell(table, "%u", node->number);
	cli_table_cell(table, "%ld", (long)pid);
	cli_table_cell(table, "%s", state);
	cli_table_cell(table, "%llu", (unsigned long long)height);
	cli_table_cell(table, "%s", node->url);
}

static enum cli_exit run_status(struct cli *cli)
{
	static const char *const head[] = { "NODE", "PID", "STATE", "FINAL", "URL" };
	struct nodes *s;
	struct cli_table table;
	uint32_t answered = 0;
	enum cli_exit rc = nodes_open(cli, &s);

	if (rc != CLI_DONE)
		return rc;
	nodes_look(s);
	cli_table_init(&table, 5);
	for (unsigned i = 0; i < 5; i++)
		cli_table_cell(&table, "%s", head[i]);
	cli_list_begin(cli, "members");
	for (uint32_t i = 0; i < s->n; i++) {
		status_row(cli, s, i, &table);
		answered += s->list[i].member != EPOCH_NOBODY && s->ok[s->list[i].member];
	}
	cli_list_end(cli);
	cli_put_number(cli, "answered", answered);
	cli_table_print(cli, &table);
	nodes_close(s);
	return answered > 0 ? CLI_DONE : cli_fail(cli, SR_ERR_NOT_REACHED, "no node answered");
}

static enum cli_exit run_join(struct cli *cli)
{
	return cluster_join(cli, cli->args[0]);
}

static const struct cli_option options_init[] = {
	{ "nodes", "N", "how many (3 to 64; default: 4; 3 bears crashes only)", false },
	{ "slot-ms", "MS", "time of a slot (default: 300)", false },
	{ "slot-min-ms", "MS", "least time between blocks when there is work (default: 10)",
	    false },
	{ "base-port", "PORT", "two ports a node from here on (default: free ones from 7700)",
	    false },
	{ "hosts", "A,B,...", "an IPv4 address for each node (default: all on 127.0.0.1)", false },
	{ "threshold", "T", "shares that open a secret (default: more than half)", false },
	{ "name", "NAME", "the cluster's name", false },
	{ "policy", "FILE", "who may join and stay, as JSON (default: members' operators)", false },
	{ "platform", "KIND", "software, tpm, tsm or gramine (default: software)", false },
	{ "tcti", "TCTI", "tpm: where it is; one for each node, in order", true },
	{ "collateral", "DIR", "certificates and collateral; one for each node", true },
	{ "vouchers", "DIR", "tpm: what provisioners signed; one for each node", true },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_start[] = {
	{ "no-wait", NULL, "do not wait until they are ready", false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option options_stop[] = {
	{ "kill", NULL, "with SIGKILL, as a power cut would", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option options_join[] = {
	{ "platform", "KIND", "software, tpm, tsm or gramine (default: software)", false },
	{ "tcti", "TCTI", "tpm: device:/dev/tpmrm0 or swtpm:host=127.0.0.1,port=2321", false },
	{ "collateral", "DIR", "certificates and collateral of the platform", false },
	{ "vouchers", "DIR", "tpm: what provisioners signed", false },
	{ "no-wait", NULL, "do not wait until it is a member", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_cluster[] = {
	{ "cluster", "init", "DIR",
	    "make keys, genesis and configurations for a cluster on this machine",
	    "Each node gets its own identity, HTTPS key and operator key under DIR/node-I. For "
	    "separate\n"
	    "operators see strongroomd(8).\n",
	    1, 1, options_init, run_init },
	{ "cluster", "start", "DIR", "start its nodes and wait until they hold the vault key",
	    "With --node I: only that node.\n", 1, 1, options_start, run_start },
	{ "cluster", "join", "DIR", "make one more node, start it, and bring it into the cluster",
	    "The operators' keys in DIR let its operator into the policy. With --node I: goes on\n"
	    "with that node, which an interrupted run began.\n",
	    1, 1, options_join, run_join },
	{ "cluster", "status", "DIR", "its processes", NULL, 1, 1, NULL, run_status },
	{ "cluster", "stop", "DIR", "stop its nodes in order", "With --node I: only that node.\n",
	    1, 1, options_stop, run_stop },
	{ 0 },
};
