/* The processes of nodes on this machine. */
#include "cli/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL_BYTES 2000
#define LOOK_MS 20u

static bool node_path(char out[CLI_PATH_MAX], const char *dir, const char *name)
{
	return snprintf(out, CLI_PATH_MAX, "%s/%s", dir, name) < (int)CLI_PATH_MAX;
}

/* Field 22 of /proc/PID/stat, in clock ticks since boot; 0: no such process, or a dead one. */
static unsigned long long start_time(pid_t pid)
{
	char path[64], text[1024];
	unsigned long long ticks = 0;
	char *p;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* The name in parentheses may hold anything; fields are counted after it. */
	p = strrchr(text, ')');
	if (p == NULL || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return 0;
	p += 2;
	for (int field = 3; field < 22 && p != NULL; field++) {
		p = strchr(p, ' ');
		if (p != NULL)
			p++;
	}
	if (p != NULL)
		ticks = strtoull(p, NULL, 10);
	return ticks;
}

pid_t node_pid(const char *dir)
{
	char path[CLI_PATH_MAX];
	unsigned long long started = 0;
	long pid = 0;
	FILE *f;

	if (!node_path(path, dir, "pid"))
		return 0;
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld %llu", &pid, &started) != 2)
		pid = 0;
	fclose(f);
	return pid > 1 && started != 0 && start_time((pid_t)pid) == started ? (pid_t)pid : 0;
}

static enum sr_error pid_write(const char *dir, pid_t pid)
{
	char path[CLI_PATH_MAX];
	FILE *f;
	bool ok;

	if (!node_path(path, dir, "pid"))
		return SR_ERR_TOO_LONG;
	f = fopen(path, "we");
	if (f == NULL)
		return SR_ERR_IO;
	ok = fprintf(f, "%ld %llu\n", (long)pid, start_time(pid)) > 0;
	return fclose(f) == 0 && ok ? SR_OK : SR_ERR_IO;
}

/* In the child, between fork and exec: only what is safe there. */
_Noreturn static void become(const char *program, char *const *argv, int log_fd)
{
	int null_fd = open("/dev/null", O_RDONLY);

	setsid();
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(log_fd, STDOUT_FILENO) < 0 ||
	    dup2(log_fd, STDERR_FILENO) < 0)
		_exit(127);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	signal(SIGPIPE, SIG_DFL);
	execvp(program, argv);
	_exit(127);
}

enum sr_error node_spawn(const char *dir, pid_t *pid)
{
	char program[CLI_PATH_MAX], config[CLI_PATH_MAX], log[CLI_PATH_MAX], option[] = "--config";
	char *argv[] = { program, option, config, NULL };
	int log_fd;

	if (!node_path(config, dir, "strongroomd.yaml") || !node_path(log, dir, "log"))
		return SR_ERR_TOO_LONG;
	if (access(config, R_OK) != 0)
		return SR_ERR_NOT_FOUND;
	cluster_program(program, "strongroomd");
	log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0)
		return SR_ERR_IO;
	*pid = fork();
	if (*pid == 0)
		become(program, argv, log_fd);
	close(log_fd);
	return *pid < 0 ? SR_ERR_IO : pid_write(dir, *pid);
}

enum sr_error node_end(const char *dir, int signal_number, uint64_t timeout_ms)
{
	char path[CLI_PATH_MAX];
	uint64_t until = cli_monotonic_ms() + timeout_ms;
	pid_t pid = node_pid(dir);

	if (pid != 0 && kill(pid, signal_number) != 0 && errno != ESRCH)
		return SR_ERR_IO;
	while (pid != 0 && node_pid(dir) == pid) {
		waitpid(pid, NULL, WNOHANG);    /* only ours when this very process started it */
		if (cli_monotonic_ms() >= until)
			return SR_ERR_TIMED_OUT;
		cli_pause_ms(LOOK_MS);
	}
	if (node_path(path, dir, "pid"))
		unlink(path);
	return SR_OK;
}

void node_log_tail(const char *dir)
{
	char path[CLI_PATH_MAX], text[TAIL_BYTES + 1];
	size_t n;
	FILE *f;

	if (!node_path(path, dir, "log") || (f = fopen(path, "re")) == NULL)
		return;
	if (fseek(f, -TAIL_BYTES, SEEK_END) != 0)
		rewind(f);
	n = fread(text, 1, TAIL_BYTES, f);
	fclose(f);
	text[n] = '\0';
	fprintf(stderr, "the end of %s:\n%s", path, text);
}

/* --- by number, in a cluster's directory --- */

static const char *node_dir(char out[CLI_PATH_MAX], const char *dir, uint32_t node)
{
	/* Too long a path is one that does not exist. */
	if (snprintf(out, CLI_PATH_MAX, "%s/node-%u", dir, node) >= (int)CLI_PATH_MAX)
		out[0] = '\0';
	return out;
}

pid_t cluster_pid(const char *dir, uint32_t node)
{
	char path[CLI_PATH_MAX];

	return node_pid(node_dir(path, dir, node));
}

enum sr_error cluster_spawn(const char *dir, uint32_t node, pid_t *pid)
{
	char path[CLI_PATH_MAX];

	return node_spawn(node_dir(path, dir, node), pid);
}

enum sr_error cluster_end(const char *dir, uint32_t node, int signal_number, uint64_t timeout_ms)
{
	char path[CLI_PATH_MAX];

	return node_end(node_dir(path, dir, node), signal_number, timeout_ms);
}

void cluster_log_tail(const char *dir, uint32_t node)
{
	char path[CLI_PATH_MAX];

	node_log_tail(node_dir(path, dir, node));
}
