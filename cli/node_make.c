/* A node's directory, before its first start. */
#include "cli/node_make.h"

#include <arpa/inet.h>
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
#include "cli/cluster.h"
#include "cli/io.h"

#define OUTPUT_MAX 2048u
#define ENTRY_MAX 8192u
#define ENTRY_MAGIC "strongroom-node v1"

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

bool node_port_free(uint16_t port)
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

uint16_t node_ports_free(uint32_t count, uint16_t first, uint16_t step, uint32_t tries)
{
	for (uint32_t i = 0; i < tries; i++) {
		uint32_t at = first + i * step, k = 0;

		while (k < count && at + k <= UINT16_MAX && node_port_free((uint16_t)(at + k)))
			k++;
		if (k == count)
			return (uint16_t)at;
	}
	return 0;
}

/* --- files --- */

enum cli_exit node_path_of(struct cli *cli, char out[CLI_PATH_MAX], const char *dir,
    const char *name)
{
	if (snprintf(out, CLI_PATH_MAX, "%s/%s", dir, name) < (int)CLI_PATH_MAX)
		return CLI_DONE;
	return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the node's directory");
}

enum cli_exit node_file_write(struct cli *cli, const char *dir, const char *name, const void *p,
    size_t n, unsigned mode)
{
	char path[CLI_PATH_MAX], temporary[CLI_PATH_MAX];
	enum sr_error error = SR_ERR_IO;
	enum cli_exit rc = node_path_of(cli, path, dir, name);
	int fd;

	if (rc != CLI_DONE)
		return rc;
	if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
		return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the node's directory");
	fd = mkstemp(temporary);
	if (fd < 0)
		return cli_fail(cli, SR_ERR_IO, "writing %s", path);
	if (fchmod(fd, mode) == 0)
		error = io_write_all(fd, p, n);
	if (error == SR_OK && fsync(fd) != 0)
		error = SR_ERR_IO;
	if (close(fd) != 0 && error == SR_OK)
		error = SR_ERR_IO;
	if (error == SR_OK && rename(temporary, path) == 0)
		return CLI_DONE;
	unlink(temporary);
	return cli_fail(cli, error != SR_OK ? error : SR_ERR_IO, "writing %s", path);
}

/* --- keys --- */

enum cli_exit node_identity_make(struct cli *cli, const char *dir, struct genesis_identity *out)
{
	char program[CLI_PATH_MAX], key[CLI_PATH_MAX], file[CLI_PATH_MAX], line[OUTPUT_MAX];
	char new_identity[] = "--new-identity", sealing_key[] = "--sealing-key", to[] = "--out";
	char *argv[] = { program, new_identity, sealing_key, key, to, file, NULL };
	uint8_t bytes[OUTPUT_MAX / 2];
	struct sr_reader r;
	enum sr_error error;
	enum cli_exit rc = node_path_of(cli, key, dir, "sealing.key");

	if (rc == CLI_DONE)
		rc = node_path_of(cli, file, dir, "identity");
	if (rc != CLI_DONE)
		return rc;
	cluster_program(program, "strongroom-enclave");
	error = line_of(argv, line, sizeof line);
	if (error == SR_OK)
		error = sr_hex_decode(bytes, strlen(line) / 2, line, strlen(line));
	if (error == SR_OK) {
		sr_reader_init(&r, bytes, strlen(line) / 2);
		genesis_identity_read(out, &r);
		error = sr_reader_finish(&r);
	}
	if (error != SR_OK)
		return cli_fail(cli, error, "making the identity of %s with %s", dir, program);
	return CLI_DONE;
}

enum cli_exit node_https_make(struct cli *cli, const char *dir, struct sr_hash32 *pin)
{
	char program[CLI_PATH_MAX], where[CLI_PATH_MAX], line[OUTPUT_MAX];
	char option[] = "--make-https";
	char *argv[] = { program, option, where, NULL };
	enum sr_error error;

	snprintf(where, sizeof where, "%s", dir);
	cluster_program(program, "strongroomd");
	error = line_of(argv, line, sizeof line);
	if (error == SR_OK)
		error = sr_hex_decode(pin->b, sizeof pin->b, line, strlen(line));
	if (error != SR_OK)
		return cli_fail(cli, error, "making the HTTPS key of %s with %s", dir, program);
	return CLI_DONE;
}

enum cli_exit node_operator_make(struct cli *cli, const char *dir, struct key **out)
{
	char path[CLI_PATH_MAX];
	enum cli_exit rc = node_path_of(cli, path, dir, "operator.key");
	enum sr_error error;

	*out = NULL;
	if (rc != CLI_DONE)
		return rc;
	error = key_new(out, VAULT_ACCOUNT_ED25519);
	if (error == SR_OK)
		error = keyfile_write(*out, path);
	if (error != SR_OK)
		return cli_fail(cli, error, "making the operator's key of %s", dir);
	return CLI_DONE;
}

/* --- the configuration --- */

/* Without the right to lock all its memory (root in a container often lacks it too), the enclave
 * locks what holds keys. The limit is this process's own, which ends soon. */
static bool may_lock_all(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit lock;

	return (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur == RLIM_INFINITY)
	    || setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
}

static void text_write(struct sr_writer *w, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	sr_write_copy(w, (const uint8_t *)name, strlen(name));
	sr_write_copy(w, (const uint8_t *)": ", 2);
	sr_write_copy(w, (const uint8_t *)value, strlen(value));
	sr_write_u8(w, '\n');
}

enum cli_exit node_config_write(struct cli *cli, const char *dir, const struct node_config *c)
{
	char line[192], seat[16];
	struct sr_writer w;
	enum cli_exit rc;

	snprintf(line, sizeof line, "# %.150s Paths start here.\n", c->comment);
	snprintf(seat, sizeof seat, "%u", c->seat);
	sr_writer_init(&w, ENTRY_MAX);
	sr_write_copy(&w, (const uint8_t *)line, strlen(line));
	text_write(&w, "data_dir", ".");
	text_write(&w, "genesis", c->genesis);
	text_write(&w, "member", seat);
	text_write(&w, "rpc_listen", c->rpc_listen);
	text_write(&w, "link_listen", c->link_listen);
	text_write(&w, "trail", c->trail);
	text_write(&w, "checkpoint", c->checkpoint);
	text_write(&w, "enclave_lock", may_lock_all() ? "all" : "keys");
	if (c->platform != NULL && c->platform->kind != PLATFORM_SOFTWARE) {
		text_write(&w, "platform", platform_kind_name(c->platform->kind));
		text_write(&w, "platform_tcti", c->platform->tcti);
		text_write(&w, "platform_collateral", c->platform->collateral);
		text_write(&w, "platform_vouchers", c->platform->vouchers);
	}
	rc = w.error == SR_OK ? node_file_write(cli, dir, "strongroomd.yaml", w.p, w.n, 0600)
			      : cli_fail(cli, w.error, "the configuration of %s", dir);
	sr_writer_clear(&w);
	return rc;
}

/* --- how it presents itself --- */

enum cli_exit node_entry_write(struct cli *cli, const char *dir, const struct node_entry *e)
{
	char pin[65], identity[2 * 512 + 1];
	uint8_t bytes[512];
	struct sr_writer w, part;
	enum cli_exit rc;

	sr_writer_init_over(&part, bytes, sizeof bytes);
	genesis_identity_write(&part, &e->identity);
	SR_ASSERT(part.error == SR_OK);
	sr_hex_encode(identity, bytes, part.n);
	sr_hex_encode(pin, e->pin.b, sizeof e->pin.b);
	sr_writer_init(&w, ENTRY_MAX);
	sr_write_copy(&w, (const uint8_t *)ENTRY_MAGIC "\n", sizeof ENTRY_MAGIC);
	text_write(&w, "name", e->name);
	text_write(&w, "url", e->url);
	text_write(&w, "link", e->link);
	text_write(&w, "rpc_listen", e->rpc_listen);
	text_write(&w, "link_listen", e->link_listen);
	text_write(&w, "pin", pin);
	text_write(&w, "identity", identity);
	text_write(&w, "platform", platform_kind_name(e->platform.kind));
	text_write(&w, "tcti", e->platform.tcti);
	text_write(&w, "collateral", e->platform.collateral);
	text_write(&w, "vouchers", e->platform.vouchers);
	rc = w.error == SR_OK ? node_file_write(cli, dir, "entry", w.p, w.n, 0644)
			      : cli_fail(cli, w.error, "the entry of %s", dir);
	sr_writer_clear(&w);
	return rc;
}

static enum sr_error text_take(char *out, size_t most, const char *value)
{
	if (out[0] != '\0')
		return SR_ERR_DUPLICATE;
	if (strlen(value) >= most)
		return SR_ERR_TOO_LONG;
	memcpy(out, value, strlen(value) + 1);
	return SR_OK;
}

static enum sr_error identity_take(struct genesis_identity *out, const char *hex)
{
	uint8_t bytes[512];
	struct sr_reader r;

	if (strlen(hex) / 2 > sizeof bytes)
		return SR_ERR_TOO_LONG;
	SR_TRY(sr_hex_decode(bytes, strlen(hex) / 2, hex, strlen(hex)));
	sr_reader_init(&r, bytes, strlen(hex) / 2);
	genesis_identity_read(out, &r);
	return sr_reader_finish(&r);
}

static enum sr_error entry_line(struct node_entry *e, char *line)
{
	char *value = strstr(line, ": ");

	if (value == NULL)
		return SR_ERR_BAD_SYNTAX;
	*value = '\0';
	value += 2;
	if (strcmp(line, "name") == 0)
		return text_take(e->name, sizeof e->name, value);
	if (strcmp(line, "url") == 0)
		return text_take(e->url, sizeof e->url, value);
	if (strcmp(line, "link") == 0)
		return text_take(e->link, sizeof e->link, value);
	if (strcmp(line, "rpc_listen") == 0)
		return text_take(e->rpc_listen, sizeof e->rpc_listen, value);
	if (strcmp(line, "link_listen") == 0)
		return text_take(e->link_listen, sizeof e->link_listen, value);
	if (strcmp(line, "pin") == 0)
		return sr_hex_decode(e->pin.b, sizeof e->pin.b, value, strlen(value));
	if (strcmp(line, "identity") == 0)
		return identity_take(&e->identity, value);
	if (strcmp(line, "platform") == 0)
		return platform_kind_parse(&e->platform.kind, value) ? SR_OK : SR_ERR_BAD_KIND;
	if (strcmp(line, "tcti") == 0)
		return text_take(e->platform.tcti, sizeof e->platform.tcti, value);
	if (strcmp(line, "collateral") == 0)
		return text_take(e->platform.collateral, sizeof e->platform.collateral, value);
	if (strcmp(line, "vouchers") == 0)
		return text_take(e->platform.vouchers, sizeof e->platform.vouchers, value);
	return SR_ERR_BAD_KIND;
}

static enum sr_error entry_parse(struct node_entry *e, char *text)
{
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);

	memset(e, 0, sizeof *e);
	if (line == NULL || strcmp(line, ENTRY_MAGIC) != 0)
		return SR_ERR_BAD_VERSION;
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL)
		SR_TRY(entry_line(e, line));
	return e->name[0] != '\0' && e->url[0] != '\0' && e->link[0] != '\0'
		&& !sr_hash32_is_zero(&e->identity.measurement)
	    ? SR_OK
	    : SR_ERR_TRUNCATED;
}

enum cli_exit node_entry_read(struct cli *cli, const char *dir, struct node_entry *e)
{
	char path[CLI_PATH_MAX], *text;
	uint8_t *bytes = NULL;
	size_t n = 0;
	enum sr_error error;
	enum cli_exit rc = node_path_of(cli, path, dir, "entry");

	if (rc != CLI_DONE)
		return rc;
	error = io_load(&bytes, &n, path, ENTRY_MAX);
	text = error == SR_OK ? calloc(1, n + 1) : NULL;
	if (error == SR_OK && text == NULL)
		error = SR_ERR_NO_MEMORY;
	if (error == SR_OK) {
		memcpy(text, bytes, n);
		error = entry_parse(e, text);
	}
	free(text);
	free(bytes);
	if (error == SR_ERR_NOT_FOUND)
		return cli_usage(cli, error, "%s; strongroom node init makes it", path);
	return error == SR_OK ? CLI_DONE : cli_usage(cli, error, "%s", path);
}

/* --- the platform --- */

static bool option_take(struct cli *cli, char *out, size_t most, const char *name)
{
	const char *value = cli_value(cli, name);

	if (value == NULL)
		return true;
	if (strlen(value) >= most) {
		cli_usage(cli, SR_ERR_TOO_LONG, "--%s", name);
		return false;
	}
	memcpy(out, value, strlen(value) + 1);
	return true;
}

bool node_platform_given(struct cli *cli, struct node_platform *p)
{
	const char *kind = cli_value(cli, "platform");

	memset(p, 0, sizeof *p);
	p->kind = PLATFORM_SOFTWARE;
	if (kind != NULL && !platform_kind_parse(&p->kind, kind)) {
		cli_usage(cli, SR_ERR_BAD_KIND,
		    "--platform is software, tpm, tsm or gramine, not '%s'", kind);
		return false;
	}
	return option_take(cli, p->tcti, sizeof p->tcti, "tcti")
	    && option_take(cli, p->collateral, sizeof p->collateral, "collateral")
	    && option_take(cli, p->vouchers, sizeof p->vouchers, "vouchers");
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

enum cli_exit node_evidence(struct cli *cli, struct sr_writer *w, const struct node_platform *p,
    const struct key *operator_key, const struct sr_hash32 *measurement,
    const uint8_t report_data[64])
{
	const struct platform_options options = { .kind = p->kind,
		.operator_key = &operator_key->ed, .measurement = measurement,
		.tcti = or_null(p->tcti), .collateral = or_null(p->collateral),
		.vouchers = or_null(p->vouchers) };
	struct platform *platform = NULL;
	char why[PLATFORM_WHY_MAX] = "";
	enum sr_error error = platform_open(&platform, &options, why);

	if (error == SR_OK) {
		error = platform_evidence(platform, w, report_data);
		snprintf(why, sizeof why, "%s", platform_why(platform));
	}
	platform_close(platform);
	if (error == SR_OK)
		return CLI_DONE;
	return cli_fail(cli, error, "evidence of this machine (%s)%s%s",
	    platform_kind_name(p->kind), why[0] != '\0' ? ": " : "", why);
}
