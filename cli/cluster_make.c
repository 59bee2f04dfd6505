/* cluster init: keys, identities, evidence, genesis, configurations. */
#include "cli/cluster.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"

#define OUTPUT_MAX 2048u
#define PORT_FIRST 7700u
#define PORT_STEP 100u
#define PORT_TRIES 60u

void cluster_program(char out[CLI_PATH_MAX], const char *name)
{
	char self[CLI_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		char *slash = strrchr(self, '/');
		if (slash != NULL) {
			*slash = '\0';
			if (snprintf(out, CLI_PATH_MAX, "%s/%s", self, name) < (int)CLI_PATH_MAX &&
			    access(out, X_OK) == 0)
				return;
		}
	}
	snprintf(out, CLI_PATH_MAX, "%s", name);
}

/* --- running a helper and reading its one line --- */

static enum sr_error line_of(char *const *argv, char *out, size_t out_n)
{
	int fds[2], status = -1;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(fds) != 0)
		return SR_ERR_IO;
	pid = fork();
	if (pid == 0) {
		if (dup2(fds[1], STDOUT_FILENO) < 0)
			_exit(127);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while (pid > 0 && n < out_n - 1 && ((got = read(fds[0], out + n, out_n - 1 - n)) > 0 ||
	    (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	close(fds[0]);
	if (pid < 0)
		return SR_ERR_IO;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r'))
		n--;
	out[n] = '\0';
	if (!WIFEXITED(status))
		return SR_ERR_CANCELLED;
	return WEXITSTATUS(status) == 127 ? SR_ERR_NOT_FOUND
	    : WEXITSTATUS(status) == 0    ? SR_OK
					  : SR_ERR_IO;
}

/* --- ports --- */

static bool port_free(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	bool ok;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static uint16_t first_taken(const struct cluster_plan *plan)
{
	for (uint32_t i = 0; i < 2 * plan->nodes; i++)
		if (!port_free((uint16_t)(plan->base_port + i)))
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

static enum cli_exit path_of(struct cli *cli, char out[CLI_PATH_MAX],
    const struct cluster_plan *plan, uint32_t node, const char *name)
{
	if (snprintf(out, CLI_PATH_MAX, "%s/node-%u%s%s", plan->dir, node,
		name[0] != '\0' ? "/" : "", name)
	    >= (int)CLI_PATH_MAX)
		return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the cluster's directory");
	return CLI_DONE;
}

static enum cli_exit config_write(struct cli *cli, const struct cluster_plan *plan, uint32_t node)
{
	char path[CLI_PATH_MAX], text[1024];
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit lock;
	/* Without the right to lock all its memory (root in a container often lacks it too), the
	 * enclave locks what holds keys. The limit is this process's own, which ends soon. */
	bool all = (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur == RLIM_INFINITY) ||
	    setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
	unsigned port = plan->base_port + 2 * node;
	enum cli_exit rc = path_of(cli, path, plan, node, "strongroomd.yaml");
	int n, fd;

	if (rc != CLI_DONE)
		return rc;
	n = snprintf(text, sizeof text,
	    "# Node %u of a cluster %s; made by strongroom cluster init. Paths start here.\n"
	    "data_dir: .\ngenesis: ../genesis\nmember: %u\nrpc_listen: %s:%u\n"
	    "link_listen: tcp://%s:%u\nenclave_lock: %s\n",
	    node, plan->hosts != NULL ? "for tests" : "on this machine", node,
	    host_of(plan, node), port, host_of(plan, node), port + 1, all ? "all" : "keys");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n) {
		if (fd >= 0)
			close(fd);
		return cli_fail(cli, SR_ERR_IO, "writing %s", path);
	}
	close(fd);
	return CLI_DONE;
}

static enum cli_exit identity_make(struct cli *cli, const struct cluster_plan *plan, uint32_t node,
    struct genesis_identity *identity)
{
	char program[CLI_PATH_MAX], key[CLI_PATH_MAX], out[CLI_PATH_MAX], line[OUTPUT_MAX];
	char new_identity[] = "--new-identity", sealing_key[] = "--sealing-key", to[] = "--out";
	char *argv[] = { program, new_identity, sealing_key, key, to, out, NULL };
	uint8_t bytes[OUTPUT_MAX / 2];
	struct sr_reader r;
	enum sr_error error;
	enum cli_exit rc = path_of(cli, key, plan, node, "sealing.key");

	if (rc == CLI_DONE)
		rc = path_of(cli, out, plan, node, "identity");
	if (rc != CLI_DONE)
		return rc;
	cluster_program(program, "strongroom-enclave");
	error = line_of(argv, line, sizeof line);
	if (error == SR_OK)
		error = sr_hex_decode(bytes, strlen(line) / 2, line, strlen(line));
	if (error == SR_OK) {
		sr_reader_init(&r, bytes, strlen(line) / 2);
		genesis_identity_read(identity, &r);
		error = sr_reader_finish(&r);
	}
	if (error != SR_OK)
		return cli_fail(cli, error, "making node %u's identity with %s", node, program);
	return CLI_DONE;
}

static enum cli_exit https_make(struct cli *cli, const struct cluster_plan *plan, uint32_t node,
    struct sr_hash32 *pin)
{
	char program[CLI_PATH_MAX], dir[CLI_PATH_MAX], line[OUTPUT_MAX];
	char option[] = "--make-https";
	char *argv[] = { program, option, dir, NULL };
	enum sr_error error;
	enum cli_exit rc = path_of(cli, dir, plan, node, "");

	if (rc != CLI_DONE)
		return rc;
	cluster_program(program, "strongroomd");
	error = line_of(argv, line, sizeof line);
	if (error == SR_OK)
		error = sr_hex_decode(pin->b, sizeof pin->b, line, strlen(line));
	if (error != SR_OK)
		return cli_fail(cli, error, "making node %u's HTTPS key with %s", node, program);
	return CLI_DONE;
}

static enum cli_exit operator_make(struct cli *cli, const struct cluster_plan *plan, uint32_t node,
    struct key **out)
{
	char path[CLI_PATH_MAX];
	enum cli_exit rc = path_of(cli, path, plan, node, "operator.key");
	enum sr_error error;

	*out = NULL;
	if (rc != CLI_DONE)
		return rc;
	error = key_new(out, VAULT_ACCOUNT_ED25519);
	if (error == SR_OK)
		error = keyfile_write(*out, path);
	if (error != SR_OK)
		return cli_fail(cli, error, "making node %u's operator key", node);
	return CLI_DONE;
}

/* Entry, evidence and signature of one member. evidence: kept until the genesis is encoded. */
static enum sr_error member_fill(struct genesis *g, uint32_t i, const struct cluster_plan *plan,
    const struct genesis_identity *identity, const struct sr_hash32 *pin,
    const struct key *operator, struct sr_writer * evidence)
{
	struct genesis_member *m = &g->members[i];
	unsigned port = plan->base_port + 2 * i;
	uint8_t report_data[64];
	int n = snprintf((char *)m->name, sizeof m->name, "node-%u", i);

	m->name_n = (size_t)n;
	memcpy(m->operator_key.b, operator->account.b, sizeof m->operator_key.b);
	m->id_key = identity->id_key;
	m->vote_key = identity->vote_key;
	memcpy(m->box_key, identity->box_key, sizeof m->box_key);
	snprintf(m->url, sizeof m->url, "https://%s:%u", host_of(plan, i), port);
	snprintf(m->link, sizeof m->link, "tcp://%s:%u", host_of(plan, i), port + 1);
	m->url_pin = *pin;
	genesis_report_data(report_data, &m->id_key, &m->vote_key, m->box_key, &g->nonce);
	sr_writer_init(evidence, GENESIS_EVIDENCE_MAX);
	genesis_software_evidence(evidence, &identity->measurement, report_data, &operator->ed);
	SR_TRY(sr_writer_finish(evidence));
	m->evidence = (struct sr_bytes){ evidence->p, evidence->n };
	genesis_member_sign(m, &g->nonce, &operator->ed);
	return genesis_measurement_add(g, &identity->measurement);
}

static enum cli_exit node_make(struct cli *cli, const struct cluster_plan *plan, struct genesis *g,
    uint32_t i, struct sr_writer *evidence)
{
	char dir[CLI_PATH_MAX];
	struct genesis_identity identity;
	struct sr_hash32 pin;
	struct key *operator = NULL;
	enum sr_error error;
	enum cli_exit rc = path_of(cli, dir, plan, i, "");

	if (rc == CLI_DONE && mkdir(dir, 0700) != 0)
		rc = cli_fail(cli, SR_ERR_IO, "making %s", dir);
	if (rc == CLI_DONE)
		rc = identity_make(cli, plan, i, &identity);
	if (rc == CLI_DONE)
		rc = https_make(cli, plan, i, &pin);
	if (rc == CLI_DONE)
		rc = operator_make(cli, plan, i, &operator);
	if (rc == CLI_DONE) {
		error = member_fill(g, i, plan, &identity, &pin, operator, evidence);
		if (error != SR_OK)
			rc = cli_fail(cli, error, "node %u's entry in the genesis", i);
	}
	if (rc == CLI_DONE)
		rc = config_write(cli, plan, i);
	key_free(operator);
	return rc;
}

/* --- the whole --- */

static enum cli_exit genesis_write(
    struct cli *cli, const struct cluster_plan *plan, struct genesis *g)
{
	char path[CLI_PATH_MAX];
	struct sr_writer w;
	enum sr_error error;
	int fd;

	sr_writer_init(&w, GENESIS_FILE_MAX);
	error = genesis_encode(&w, g);
	if (error == SR_OK)
		error = sr_writer_finish(&w);
	if (error == SR_OK
	    && snprintf(path, sizeof path, "%s/genesis", plan->dir) >= (int)sizeof path)
		error = SR_ERR_TOO_LONG;
	if (error == SR_OK) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		error = fd >= 0 && write(fd, w.p, w.n) == (ssize_t)w.n && fsync(fd) == 0
		    ? SR_OK
		    : SR_ERR_IO;
		if (fd >= 0)
			close(fd);
	}
	sr_writer_clear(&w);
	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "writing the genesis");
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
		"operator.key", "strongroomd.yaml", "" };
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
	attest_policy_default(&g->policy);
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
