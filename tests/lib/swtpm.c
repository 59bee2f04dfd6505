#define _GNU_SOURCE /* prctl */
#include "tests/lib/swtpm.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/scratch.h"

#define PATH_BYTES 512
#define START_MS 20000u
#define TRIES 8

struct swtpm {
	char folder[PATH_BYTES], root[PATH_BYTES + 64], issuer[PATH_BYTES + 64], tcti[128];
	uint16_t port;
	pid_t pid;
};

static struct swtpm *running[8];

static void stop_all(void)
{
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
		if (running[i] != NULL)
			swtpm_stop(running[i]);
}

static bool installed(void)
{
	return access("/usr/bin/swtpm", X_OK) == 0 && access("/usr/bin/swtpm_setup", X_OK) == 0 &&
	    access("/usr/bin/swtpm_localca", X_OK) == 0;
}

/* Its words go to a log below the folder. */
static pid_t run(const struct swtpm *self, const char *const *argv)
{
	char log[PATH_BYTES + 64];
	pid_t pid = fork();
	int fd;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	/* A test that fails leaves without its atexit handlers. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(log, sizeof log, "%s/log", self->folder);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

__attribute__((format(printf, 3, 4)))
static void file(const struct swtpm *self, const char *name, const char *format, ...)
{
	char path[PATH_BYTES + 64], text[4 * PATH_BYTES];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ck_assert(n > 0 && (size_t)n < sizeof text);
	snprintf(path, sizeof path, "%s/%s", self->folder, name);
	scratch_write(path, text, (size_t)n);
}

static void manufacture(struct swtpm *self)
{
	const char *f = self->folder;
	char state[PATH_BYTES + 16], config[PATH_BYTES + 16];
	const char *const argv[] = { "/usr/bin/swtpm_setup", "--tpm2", "--tpm-state", state,
		"--create-ek-cert", "--config", config, NULL };
	int status = 0;

	snprintf(state, sizeof state, "%s/state", f);
	snprintf(config, sizeof config, "%s/setup.conf", f);
	ck_assert_int_eq(mkdir(f, 0700), 0);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	file(self, "setup.conf", "create_certs_tool = /usr/bin/swtpm_localca\n"
	    "create_certs_tool_config = %s/ca.conf\ncreate_certs_tool_options = %s/ca.options\n"
	    "active_pcr_banks = sha256\n", f, f);
	file(self, "ca.conf", "statedir = %s/ca\nsigningkey = %s/ca/signkey.pem\n"
	    "issuercert = %s/ca/issuercert.pem\ncertserial = %s/ca/certserial\n", f, f, f, f);
	file(self, "ca.options", "--platform-manufacturer Strongroom\n--platform-version 1\n"
	    "--platform-model test\n");
	snprintf(self->root, sizeof self->root, "%s/ca/swtpm-localca-rootca-cert.pem", f);
	snprintf(self->issuer, sizeof self->issuer, "%s/ca/issuercert.pem", f);
	ck_assert_int_gt(waitpid(run(self, argv), &status, 0), 0);
	ck_assert_msg(status == 0, "swtpm_setup failed: %s/log", f);
}

/* tpm2-tss takes the port after it for swtpm's control channel. */
static uint16_t two_ports(void)
{
	for (;;) {
		uint16_t port = scratch_port();
		struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(
		    (uint16_t)(port + 1)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool is_free = bind(fd, (struct sockaddr *)&a, sizeof a) == 0;

		close(fd);
		if (is_free && port < UINT16_MAX)
			return port;
	}
}

static bool answers(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;

	close(fd);
	return is;
}

/* Both channels take connections. false: it ended, since another process was faster with a port. */
static bool started(struct swtpm *self)
{
	uint64_t until = scratch_now_ms() + START_MS;

	while (!answers(self->port) || !answers((uint16_t)(self->port + 1))) {
		if (waitpid(self->pid, NULL, WNOHANG) == self->pid)
			return false;
		ck_assert_msg(scratch_now_ms() < until, "swtpm did not start: %s/log",
		    self->folder);
		scratch_moment();
	}
	return waitpid(self->pid, NULL, WNOHANG) == 0;
}

static void power_on(struct swtpm *self)
{
	char state[PATH_BYTES + 16], server[64], control[64];
	const char *const argv[] = { "/usr/bin/swtpm", "socket", "--tpm2", "--tpmstate", state,
		"--server", server, "--ctrl", control, "--flags", "not-need-init,startup-clear",
		NULL };

	for (int i = 0; i < TRIES; i++) {
		self->port = two_ports();
		snprintf(state, sizeof state, "dir=%s/state", self->folder);
		snprintf(server, sizeof server, "type=tcp,port=%u,bindaddr=127.0.0.1", self->port);
		snprintf(control, sizeof control, "type=tcp,port=%u,bindaddr=127.0.0.1",
		    self->port + 1u);
		snprintf(self->tcti, sizeof self->tcti, "swtpm:host=127.0.0.1,port=%u", self->port);
		self->pid = run(self, argv);
		if (started(self))
			return;
	}
	ck_abort_msg("swtpm found no ports: %s/log", self->folder);
}

static void power_off(struct swtpm *self)
{
	kill(self->pid, SIGTERM);
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
}

struct swtpm *swtpm_start(const char *name)
{
	struct swtpm *self;
	size_t i = 0;

	if (!installed()) {
		printf("SKIPPED: swtpm is not installed\n");
		return NULL;
	}
	while (running[i] != NULL)
		i++;
	ck_assert_uint_lt(i, sizeof running / sizeof running[0]);
	self = calloc(1, sizeof *self);
	ck_assert_ptr_nonnull(self);
	snprintf(self->folder, sizeof self->folder, "%s", scratch_path(name));
	manufacture(self);
	power_on(self);
	if (running[0] == NULL)
		atexit(stop_all);
	running[i] = self;
	return self;
}

void swtpm_stop(struct swtpm *self)
{
	power_off(self);
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
		if (running[i] == self)
			running[i] = NULL;
	scratch_remove(self->folder);
	free(self);
}

void swtpm_reset(struct swtpm *self)
{
	power_off(self);
	power_on(self);
}

const char *swtpm_tcti(const struct swtpm *self)
{
	return self->tcti;
}

const char *swtpm_root(const struct swtpm *self)
{
	return self->root;
}

const char *swtpm_issuer(const struct swtpm *self)
{
	return self->issuer;
}
