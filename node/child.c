#define _GNU_SOURCE /* close_range, SOCK_CLOEXEC */
#include "node/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/file.h"

#define READ_CHUNK (256u * 1024u)

void child_init(struct child *self, const struct child_settings *settings)
{
	memset(self, 0, sizeof *self);
	self->settings = *settings;
	self->fd = -1;
	self->backoff_ms = CHILD_BACKOFF_MIN_MS;
	sr_writer_init(&self->out, CHILD_OUT_MAX + HOST_FRAME_MAX + 4);
}

/* In the new process, where only async-signal-safe calls are allowed. Threads and nanomsg's sockets
 * did not come along; their descriptors are closed. key_fd: -1 for none. */
__attribute__((noreturn)) static void become_enclave(int fd, int key_fd, char *const argv[])
{
	static char *const nothing[] = { NULL };
	unsigned first = key_fd >= 0 ? 5 : 4;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0); /* a terminal's ^C is for the host, which then stops the enclave in order */
	if (key_fd >= 0 && (key_fd = fcntl(key_fd, F_DUPFD, 5)) < 0)
		_exit(127);
	if (fd == 3 ? fcntl(3, F_SETFD, 0) != 0 : dup2(fd, 3) != 3)
		_exit(127);
	if (key_fd >= 0 && dup2(key_fd, 4) != 4)
		_exit(127);
	if (close_range(first, ~0u, 0) != 0)
		_exit(127);
	execve(argv[0], argv, nothing);
	_exit(127);
}

static char *argument(const char *text)
{
	/* execve does not change its arguments; its prototype only cannot say so. */
	union { const char *in; char *out; } as = { text };

	return as.out;
}

/* A pipe that holds the key: never in a file, in swap, or in an argument. -1 where it is a file's
 * matter. */
static enum sr_error key_pipe(int *fd, const struct child_settings *s)
{
	SR_KEY32_AUTO key;
	int ends[2];
	enum sr_error error;

	*fd = -1;
	if (s->key == NULL)
		return SR_OK;
	SR_TRY(s->key(s->key_ctx, &key));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return SR_ERR_IO;
	error = file_write_all(ends[1], key.b, sizeof key.b);
	close(ends[1]);
	*fd = ends[0];
	if (error != SR_OK) {
		close(*fd);
		*fd = -1;
	}
	return error;
}

enum sr_error child_start(struct child *self, uint64_t now_ms)
{
	const struct child_settings *s = &self->settings;
	bool sealed = s->key != NULL;
	char *argv[] = { argument(s->program), argument("--fd"), argument("3"),
		argument(sealed ? "--sealing-fd" : "--sealing-key"),
		argument(sealed ? "4" : s->sealing_key), argument("--user"),
		argument(s->user), argument("--lock"), argument(s->lock), NULL };
	int pair[2], key_fd;
	pid_t pid;

	SR_ASSERT(self->pid == 0 && self->fd < 0);
	SR_TRY(key_pipe(&key_fd, s));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		if (key_fd >= 0)
			close(key_fd);
		return SR_ERR_IO;
	}
	pid = fork();
	if (pid == 0)
		become_enclave(pair[1], key_fd, argv);
	close(pair[1]);
	if (key_fd >= 0)
		close(key_fd);
	if (pid < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
		close(pair[0]);
		return SR_ERR_IO;
	}
	self->pid = pid;
	self->fd = pair[0];
	self->in_n = self->in_used = self->out_sent = 0;
	sr_writer_reset(&self->out);
	self->started_ms = now_ms;
	self->starts++;
	return SR_OK;
}

static enum sr_error in_grow(struct child *self)
{
	size_t capacity = self->in_capacity * 2 + READ_CHUNK;
	uint8_t *p;

	if (self->in_capacity - self->in_n >= READ_CHUNK)
		return SR_OK;
	p = realloc(self->in, capacity);
	if (p == NULL)
		return SR_ERR_NO_MEMORY;
	self->in = p;
	self->in_capacity = capacity;
	return SR_OK;
}

enum sr_error child_read(struct child *self)
{
	if (self->fd < 0)
		return SR_ERR_NOT_REACHED;
	while (self->in_n < CHILD_IN_MAX) {
		ssize_t got;

		SR_TRY(in_grow(self));
		got = recv(self->fd, self->in + self->in_n, self->in_capacity - self->in_n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return SR_OK;
		if (got <= 0)
			return SR_ERR_NOT_REACHED;
		self->in_n += (size_t)got;
	}
	return SR_OK;
}

enum sr_error child_effect(struct child *self, struct enclave_effect *fx)
{
	struct sr_reader r;
	uint32_t n;

	sr_reader_init(&r, self->in + self->in_used, self->in_n - self->in_used);
	n = sr_read_u32(&r);
	if (r.error != SR_OK)
		return SR_ERR_NOT_FOUND;
	if (n > HOST_FRAME_MAX)
		return SR_ERR_TOO_LONG;
	if (r.left < n)
		return SR_ERR_NOT_FOUND;
	SR_TRY(host_wire_effect_read(fx, r.p, n));
	self->in_used += 4 + (size_t)n;
	return SR_OK;
}

void child_consume(struct child *self)
{
	if (self->in_used == 0)
		return;
	self->in_n -= self->in_used;
	memmove(self->in, self->in + self->in_used, self->in_n);
	self->in_used = 0;
	if (self->in_n == 0 && self->in_capacity > 2 * HOST_FRAME_MAX) {
		free(self->in);
		self->in = NULL;
		self->in_capacity = 0;
	}
}

size_t child_queued(const struct child *self)
{
	return self->out.n - self->out_sent;
}

enum sr_error child_event(struct child *self, const struct enclave_event *ev)
{
	size_t before = self->out.n;

	if (self->fd < 0)
		return SR_ERR_NOT_READY;
	if (child_queued(self) + ev->a.n + ev->b.n > CHILD_OUT_MAX)
		return SR_ERR_TOO_MANY;
	if (self->out_sent > 0 && self->out.n + ev->a.n + ev->b.n > CHILD_OUT_MAX) {
		self->out.n -= self->out_sent;
		memmove(self->out.p, self->out.p + self->out_sent, self->out.n);
		before = self->out.n;
		self->out_sent = 0;
	}
	host_wire_event_write(&self->out, ev);
	if (self->out.error != SR_OK) {
		enum sr_error err = self->out.error;

		self->out.n = before;
		self->out.error = SR_OK;
		return err;
	}
	return SR_OK;
}

enum sr_error child_write(struct child *self)
{
	while (self->fd >= 0 && child_queued(self) > 0) {
		ssize_t put = send(
		    self->fd, self->out.p + self->out_sent, child_queued(self), MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return SR_OK;
		if (put <= 0)
			return SR_ERR_NOT_REACHED;
		self->out_sent += (size_t)put;
	}
	sr_writer_reset(&self->out);
	self->out_sent = 0;
	return SR_OK;
}

bool child_reap(struct child *self, char *text, size_t text_n, uint64_t now_ms)
{
	int status;

	if (self->pid == 0 || waitpid(self->pid, &status, WNOHANG) != self->pid)
		return false;
	if (WIFSIGNALED(status))
		snprintf(text, text_n, "the enclave was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		snprintf(text, text_n, "%.200s could not be started", self->settings.program);
	else
		snprintf(text, text_n, "the enclave ended with code %d", WEXITSTATUS(status));
	self->pid = 0;
	child_stop(self, false);
	if (now_ms - self->started_ms >= CHILD_STEADY_MS)
		self->backoff_ms = CHILD_BACKOFF_MIN_MS;
	self->restart_ms = now_ms + self->backoff_ms;
	self->backoff_ms = self->backoff_ms * 2 < CHILD_BACKOFF_MAX_MS ? self->backoff_ms * 2
								       : CHILD_BACKOFF_MAX_MS;
	return true;
}

void child_stop(struct child *self, bool kill_it)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
	if (kill_it && self->pid > 0)
		kill(self->pid, SIGKILL);
}

void child_clear(struct child *self)
{
	child_stop(self, true);
	if (self->pid > 0)
		while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
			;
	self->pid = 0;
	free(self->in);
	self->in = NULL;
	self->in_n = self->in_capacity = 0;
	sr_writer_clear(&self->out);
}
