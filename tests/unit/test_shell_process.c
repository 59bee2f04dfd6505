/* The enclave's process itself: its options, its sandbox, and its work inside it. BIN says where
 * the program is; otherwise ../bin beside this test. */
#define _GNU_SOURCE /* setgroups, MAP_ANONYMOUS */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/drbg.h"
#include "base/hex.h"
#include "enclave/shell_channel.h"
#include "enclave/shell_measure.h"
#include "enclave/shell_sandbox.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

#define MEMBERS 4u
#define LIMIT_MS 60000u                 /* a deadline, never a pause */
#define START_MS 1800000000000ull

static char program[600];

/* A copy: a build meanwhile would change the measurement. */
static bool have_program(unsigned skipped)
{
	char path[500], self[400];
	const char *bin = getenv("BIN");
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	uint8_t *bytes;
	size_t n;

	ck_assert_int_gt(len, 0);
	self[len] = '\0';
	*strrchr(self, '/') = '\0';
	if (bin != NULL)
		snprintf(path, sizeof(path), "%s/strongroom-enclave", bin);
	else
		snprintf(path, sizeof(path), "%s/../bin/strongroom-enclave", self);
	if (access(path, X_OK) != 0) {
		printf("SKIPPED %u tests of the process: no %s (make all)\n", skipped, path);
		fflush(stdout);
		return false;
	}
	bytes = scratch_read(path, &n);
	snprintf(program, sizeof(program), "%s", scratch_path("strongroom-enclave"));
	scratch_write(program, bytes, n);
	ck_assert_int_eq(chmod(program, 0755), 0);
	free(bytes);
	return true;
}

static const char *sealing_path(void)
{
	return scratch_path("sealing.key");
}

/* --- running it to its end --- */

struct outcome { int status; char text[8192]; };

static void run(struct outcome *out, ...)
{
	char *argv[16] = { program };
	size_t n = 1, have = 0;
	va_list ap;
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	va_start(ap, out);
	while ((argv[n] = va_arg(ap, char *)) != NULL)
		ck_assert_uint_lt(++n, 15);
	va_end(ap);
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execv(program, argv);
		_exit(126);
	}
	close(fds[1]);
	while ((got = read(fds[0], out->text + have, sizeof(out->text) - 1 - have)) > 0)
		have += (size_t)got;
	out->text[have] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	out->status = WEXITSTATUS(status);
}

static void measurement_get(struct sr_hash32 *out)
{
	struct outcome o;

	run(&o, "--print-measurement", NULL);
	ck_assert_int_eq(o.status, 0);
	ck_assert_uint_eq(strlen(o.text), 65);
	ck_assert_int_eq(o.text[64], '\n');
	ck_ok(sr_hex_decode(out->b, 32, o.text, 64));
}

START_TEST(help_version_and_usage_say_what_they_should)
{
	struct outcome o;

	if (!have_program(1))
		return;
	run(&o, "--help", NULL);
	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(strstr(o.text, "--sealing-key"));
	ck_assert_ptr_nonnull(strstr(o.text, "SOFTWARE"));
	run(&o, "--version", NULL);
	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(strstr(o.text, "attestation: software"));
	run(&o, NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--nonsense", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--fd", "3", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--fd", "2", "--sealing-key", "x", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--fd", "3x", "--sealing-key", "x", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--lock", "some", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--new-identity", "--sealing-key", "x", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--print-measurement", "more", NULL);
	ck_assert_int_eq(o.status, 2);
}
END_TEST

START_TEST(the_measurement_is_of_the_programs_bytes)
{
	struct sr_hash32 first, second, own;
	struct sr_bytes part;
	uint8_t *bytes;

	if (!have_program(1))
		return;
	measurement_get(&first);
	measurement_get(&second);
	ck_assert(sr_hash32_equal(&first, &second));
	bytes = scratch_read(program, &part.n);
	part.p = bytes;
	own = sr_hash_domain("strongroom software measurement v1", &part, 1);
	ck_assert(sr_hash32_equal(&first, &own));
	/* One more byte, another measurement. */
	scratch_write(program, bytes, part.n + 1);
	ck_assert_int_eq(chmod(program, 0755), 0);
	measurement_get(&second);
	ck_assert(!sr_hash32_equal(&first, &second));
	free(bytes);
}
END_TEST

static void identity_make(struct genesis_identity *out)
{
	struct outcome o;
	struct sr_reader r;
	uint8_t bytes[128];

	run(&o, "--new-identity", "--sealing-key", sealing_path(), "--out",
	    scratch_path("identity"), NULL);
	ck_assert_int_eq(o.status, 0);
	ck_assert_uint_eq(strlen(o.text), 2 * sizeof(bytes) + 1);
	ck_ok(sr_hex_decode(bytes, sizeof(bytes), o.text, 2 * sizeof(bytes)));
	sr_reader_init(&r, bytes, sizeof(bytes));
	genesis_identity_read(out, &r);
	ck_ok(sr_reader_finish(&r));
}

START_TEST(a_new_identity_is_private_and_never_replaced)
{
	struct genesis_identity id, again;
	struct sr_hash32 measurement;
	struct stat st;
	struct outcome o;
	uint8_t *before, *after;
	size_t before_n, after_n;

	if (!have_program(1))
		return;
	identity_make(&id);
	measurement_get(&measurement);
	ck_assert(sr_hash32_equal(&id.measurement, &measurement));
	ck_assert_int_eq(stat(sealing_path(), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 32);
	ck_assert_int_eq(stat(scratch_path("identity"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	before = scratch_read(scratch_path("identity"), &before_n);
	run(&o, "--new-identity", "--sealing-key", sealing_path(), "--out",
	    scratch_path("identity"), NULL);
	ck_assert_int_eq(o.status, 1);
	ck_assert_ptr_nonnull(strstr(o.text, "exists already"));
	after = scratch_read(scratch_path("identity"), &after_n);
	ck_assert_uint_eq(before_n, after_n);
	ck_assert_mem_eq(before, after, after_n);
	free(before);
	free(after);
	/* Nor is a sealing key made for an identity that is refused. */
	ck_assert_int_eq(unlink(sealing_path()), 0);
	run(&o, "--new-identity", "--sealing-key", sealing_path(), "--out",
	    scratch_path("identity"), NULL);
	ck_assert_int_eq(o.status, 1);
	ck_assert_int_eq(access(sealing_path(), F_OK), -1);
	ck_assert_int_eq(unlink(scratch_path("identity")), 0);
	identity_make(&again);
	ck_assert(memcmp(&again.id_key, &id.id_key, 32) != 0);
}
END_TEST

START_TEST(a_sealing_key_that_is_not_as_it_should_be_is_refused_by_name)
{
	struct genesis_identity id;
	struct outcome o;
	static const mode_t open_modes[] = { 0644, 0640, 0604, 0620, 0602, 0610 };

	if (!have_program(1))
		return;
	identity_make(&id);
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		ck_assert_int_eq(chmod(sealing_path(), open_modes[i]), 0);
		run(&o, "--new-identity", "--sealing-key", sealing_path(), "--out",
		    scratch_path("other"), NULL);
		ck_assert_int_eq(o.status, 1);
		ck_assert_ptr_nonnull(strstr(o.text, "(foreign_data)"));
		run(&o, "--fd", "9", "--lock", "keys", "--sealing-key", sealing_path(), NULL);
		ck_assert_int_eq(o.status, 1);
		ck_assert_ptr_nonnull(strstr(o.text, "(foreign_data)"));
	}
	ck_assert_int_eq(access(scratch_path("other"), F_OK), -1);
	ck_assert_int_eq(chmod(sealing_path(), 0600), 0);
	ck_assert_int_eq(truncate(sealing_path(), 31), 0);
	run(&o, "--fd", "9", "--lock", "keys", "--sealing-key", sealing_path(), NULL);
	ck_assert_ptr_nonnull(strstr(o.text, "(damaged)"));
	ck_assert_int_eq(unlink(sealing_path()), 0);
	run(&o, "--fd", "9", "--lock", "keys", "--sealing-key", sealing_path(), NULL);
	ck_assert_ptr_nonnull(strstr(o.text, "(not_found)"));
	ck_assert_int_eq(o.status, 1);
	ck_assert_int_eq(access(sealing_path(), F_OK), -1);     /* serving makes none */
	ck_assert_int_eq(symlink("/dev/zero", sealing_path()), 0);
	run(&o, "--fd", "9", "--lock", "keys", "--sealing-key", sealing_path(), NULL);
	ck_assert_int_eq(o.status, 1);
	ck_assert_ptr_nonnull(strstr(o.text, "(io)"));
}
END_TEST

/* --- serving: this test is the host, and member 1 --- */

struct host {
	pid_t pid;
	int fd;
	uint64_t now_ms;
	struct sr_writer out;
	size_t sent;
	uint8_t *in;
	size_t in_n, in_capacity;
	unsigned effects[ENCLAVE_FX_EVIDENCE + 1];
	uint64_t fatal;
	/* member 1 */
	struct enclave_core *core;
	struct shell_cert cert;
	struct shell_channels *channels;
	size_t heard;
	struct genesis *genesis;
	uint8_t *genesis_bytes;
	size_t genesis_n;
	uint8_t *identities[MEMBERS];
	size_t identities_n[MEMBERS];
	struct sr_key32 sealing[MEMBERS];
};

static void member_make(struct host *h, uint32_t i, const struct sr_hash32 *measurement)
{
	struct genesis_member *m = &h->genesis->members[i];
	struct genesis_identity id;
	struct sr_writer w;
	struct sr_key32 seed;
	struct sr_edsk operator_sk;
	uint8_t report[64];
	size_t n;

	if (i == 0) {
		identity_make(&id);
		h->identities[0] = scratch_read(scratch_path("identity"), &h->identities_n[0]);
	} else {
		ck_ok(sr_random_system(seed.b, 32));
		ck_ok(sr_random_system(h->sealing[i].b, 32));
		sr_writer_init(&w, 65536);
		ck_ok(enclave_identity_new(&id, &w, &h->sealing[i], measurement, &seed));
		h->identities[i] = sr_writer_take(&w, &h->identities_n[i]);
	}
	ck_ok(sr_random_system(seed.b, 32));
	sr_ed25519_keypair(&operator_sk, &m->operator_key, &seed);
	m->name_n = (size_t)snprintf((char *)m->name, sizeof(m->name), "member %u", i);
	m->id_key = id.id_key;
	m->vote_key = id.vote_key;
	memcpy(m->box_key, id.box_key, 32);
	snprintf(m->url, sizeof(m->url), "https://127.0.0.1:%u", 9000 + i);
	snprintf(m->link, sizeof(m->link), "tcp://127.0.0.1:%u", 9200 + i);
	genesis_report_data(report, &m->operator_key, &m->id_key, &m->vote_key, m->box_key,
	    &h->genesis->nonce);
	sr_writer_init(&w, GENESIS_EVIDENCE_MAX);
	genesis_software_evidence(&w, measurement, report, &operator_sk);
	m->evidence.p = sr_writer_take(&w, &n);
	m->evidence.n = n;
	genesis_member_sign(m, &h->genesis->nonce, &operator_sk);
}

static void genesis_make(struct host *h)
{
	struct genesis *g = calloc(1, sizeof(*g));
	struct sr_hash32 measurement;
	struct sr_writer w;

	ck_assert_ptr_nonnull(g);
	h->genesis = g;
	measurement_get(&measurement);
	g->name_n = (size_t)snprintf((char *)g->name, sizeof(g->name), "test cluster");
	g->created_ms = START_MS - 1000;
	g->nonce = sr_hash("nonce", 5);
	attest_policy_default(&g->policy);
	g->slot_ms = 300;
	g->slot_min_ms = 20;
	g->threshold = 3;
	ck_ok(genesis_measurement_add(g, &measurement));
	g->members_n = MEMBERS;
	for (uint32_t i = 0; i < MEMBERS; i++)
		member_make(h, i, &measurement);
	sr_writer_init(&w, GENESIS_FILE_MAX);
	ck_ok(genesis_encode(&w, g));
	h->genesis_bytes = sr_writer_take(&w, &h->genesis_n);
}

/* Root in a container may be without the right. */
static bool may_lock_all(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(shell_sandbox_lock_memory() == SR_OK ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void host_event(struct host *h, const struct enclave_event *ev)
{
	struct enclave_event timed = *ev;

	timed.now_ms = h->now_ms;
	host_wire_event_write(&h->out, &timed);
	ck_assert_int_eq(h->out.error, SR_OK);
}

static void on_frame(void *ctx, uint32_t member, uint32_t class, const uint8_t *bytes, size_t n)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_MESSAGE, .member = 1, .a = { bytes, n } };

	(void)class;
	if (member == 0)
		host_event(ctx, &ev);
}

static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	((struct host *)ctx)->heard += member == 0;
}

static void host_effect(struct host *h, const struct enclave_effect *fx)
{
	h->effects[fx->kind]++;
	if (fx->kind == ENCLAVE_FX_SEND && fx->member == 1 && h->channels != NULL)
		shell_channels_receive(h->channels, 0, fx->a.p, fx->a.n, h->now_ms);
	if (fx->kind == ENCLAVE_FX_FATAL && h->fatal == 0)
		h->fatal = fx->number;
}

static void host_write(struct host *h)
{
	while (h->sent < h->out.n) {
		ssize_t put = send(h->fd, h->out.p + h->sent, h->out.n - h->sent, MSG_NOSIGNAL);

		if (put < 0)
			return;
		h->sent += (size_t)put;
	}
	sr_writer_reset(&h->out);
	h->sent = 0;
}

/* false: the enclave has closed its end. */
static bool host_read(struct host *h)
{
	size_t at = 0;
	ssize_t got;

	if (h->in_capacity - h->in_n < 65536) {
		h->in_capacity = 2 * h->in_capacity + 65536;
		h->in = realloc(h->in, h->in_capacity);
		ck_assert_ptr_nonnull(h->in);
	}
	got = recv(h->fd, h->in + h->in_n, h->in_capacity - h->in_n, 0);
	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	h->in_n += (size_t)got;
	while (h->in_n - at >= 4) {
		struct enclave_effect fx;
		struct sr_reader r;
		uint32_t n;

		sr_reader_init(&r, h->in + at, 4);
		n = sr_read_u32(&r);
		if (h->in_n - at - 4 < n)
			break;
		ck_ok(host_wire_effect_read(&fx, h->in + at + 4, n));
		host_effect(h, &fx);
		at += 4 + (size_t)n;
	}
	h->in_n -= at;
	memmove(h->in, h->in + at, h->in_n);
	return true;
}

/* Carries bytes both ways until so many effects of a kind have come. */
static void host_until(struct host *h, enum enclave_effect_kind kind, unsigned n)
{
	uint64_t deadline = scratch_now_ms() + LIMIT_MS;

	while (h->effects[kind] < n) {
		struct pollfd p = { .fd = h->fd, .events = POLLIN };

		ck_assert_msg(scratch_now_ms() < deadline, "no effect of kind %d", (int)kind);
		host_write(h);
		p.events = (short)(h->out.n > 0 ? POLLIN | POLLOUT : POLLIN);
		poll(&p, 1, 100);
		if (p.revents != 0 && (p.revents & POLLOUT) != p.revents)
			ck_assert_msg(host_read(h) || h->effects[kind] >= n, "the enclave is gone");
	}
}

static struct host *host_new(void)
{
	struct host *h = calloc(1, sizeof(*h));
	const char *lock = may_lock_all() ? "all" : "keys", *sealing = sealing_path();
	int pair[2];

	ck_assert_ptr_nonnull(h);
	h->now_ms = START_MS;
	sr_writer_init(&h->out, 64u << 20);
	genesis_make(h);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	h->pid = fork();
	if (h->pid == 0) {
		close(pair[0]);
		if (pair[1] != 9)
			dup2(pair[1], 9);
		signal(SIGPIPE, SIG_DFL);
		execl(program, program, "--fd", "9", "--sealing-key", sealing, "--lock",
		    lock, (char *)NULL);
		_exit(126);
	}
	close(pair[1]);
	h->fd = pair[0];
	ck_assert_int_eq(fcntl(h->fd, F_SETFL, O_NONBLOCK), 0);
	return h;
}

static void boot_events(struct host *h, void (*give)(struct host *, const struct enclave_event *),
    uint32_t member)
{
	struct enclave_event boot = { .kind = ENCLAVE_EV_BOOT, .number = HOST_WIRE_VERSION,
		.member = member, .a = { h->genesis_bytes, h->genesis_n },
		.b = { h->identities[member], h->identities_n[member] } };
	struct enclave_event ready = { .kind = ENCLAVE_EV_READY, .number = 1 };

	give(h, &boot);
	give(h, &ready);
}

static struct host *host_booted(void)
{
	struct host *h = host_new();

	boot_events(h, host_event, 0);
	host_until(h, ENCLAVE_FX_STATUS, 1);
	host_until(h, ENCLAVE_FX_WAKE, 1);
	return h;
}

/* The exit status, as waitpid gives it. */
static int host_wait(struct host *h)
{
	uint64_t deadline = scratch_now_ms() + LIMIT_MS;
	int status = 0;

	while (waitpid(h->pid, &status, WNOHANG) == 0) {
		ck_assert(scratch_now_ms() < deadline);
		if (h->fd >= 0) {
			host_write(h);
			host_read(h);
		}
		scratch_moment();
	}
	return status;
}

static void host_free(struct host *h)
{
	shell_channels_free(h->channels);
	shell_cert_clear(&h->cert);
	enclave_core_free(h->core);
	for (uint32_t i = 0; i < MEMBERS; i++) {
		free(h->identities[i]);
		free((void *)(uintptr_t)h->genesis->members[i].evidence.p);
	}
	if (h->fd >= 0)
		close(h->fd);
	free(h->genesis);
	free(h->genesis_bytes);
	free(h->in);
	sr_writer_clear(&h->out);
	free(h);
}

static void host_stop(struct host *h)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_STOP };
	int status;

	host_event(h, &ev);
	host_until(h, ENCLAVE_FX_STOPPED, 1);
	status = host_wait(h);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	host_free(h);
}

static void core_event(struct host *h, const struct enclave_event *ev)
{
	struct enclave_event timed = *ev;
	struct enclave_effects effects;
	struct sr_key32 seed;

	ck_ok(sr_random_system(seed.b, 32));
	timed.seed = &seed;
	timed.now_ms = h->now_ms;
	enclave_effects_init(&effects);
	ck_ok(enclave_step(h->core, &effects, &timed));
	enclave_effects_clear(&effects);
}

START_TEST(the_sandboxed_process_boots_ticks_and_opens_channels)
{
	struct host *h;
	struct shell_channel_ports ports;
	struct enclave_event tick = { .kind = ENCLAVE_EV_TICK };
	struct enclave_event link = { .kind = ENCLAVE_EV_LINK, .member = 1, .number = 1 };
	struct sr_hash32 measurement;
	unsigned wakes;

	if (!have_program(1))
		return;
	h = host_booted();
	ports = (struct shell_channel_ports){ .ctx = h, .frame = on_frame, .message = on_message };
	measurement_get(&measurement);
	h->core = enclave_core_new(&h->sealing[1], &measurement);
	ck_assert_ptr_nonnull(h->core);
	boot_events(h, core_event, 1);
	ck_ok(shell_cert_init(&h->cert, h->core, &measurement, &h->genesis->nonce,
	    h->now_ms));
	h->channels = shell_channels_new(h->core, &h->cert, &ports);
	ck_assert_ptr_nonnull(h->channels);
	host_event(h, &link);
	for (unsigned i = 0; i < 100 || (h->heard == 0 && i < 3000); i++) {
		h->now_ms += 100;
		wakes = h->effects[ENCLAVE_FX_WAKE];
		host_event(h, &tick);
		host_until(h, ENCLAVE_FX_WAKE, wakes + 1);
	}
	ck_assert(shell_channels_up(h->channels, 0));
	ck_assert_uint_gt(h->heard, 0);
	ck_assert_uint_eq(h->effects[ENCLAVE_FX_FATAL], 0);
	host_stop(h);
}
END_TEST

/* The number behind a name in a /proc file, or -1. */
static long proc_number(pid_t pid, const char *file, const char *name)
{
	char path[64], line[512];
	long v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			v = strtol(line + strlen(name), NULL, 10);
	fclose(f);
	return v;
}

START_TEST(the_running_process_has_given_up_what_it_does_not_need)
{
	struct host *h;

	if (!have_program(1))
		return;
	h = host_booted();
	ck_assert_int_eq(proc_number(h->pid, "status", "NoNewPrivs:"), 1);
	ck_assert_int_eq(proc_number(h->pid, "status", "Seccomp:"), 2);
	ck_assert_int_eq(proc_number(h->pid, "limits", "Max core file size"), 0);
	ck_assert_int_eq(proc_number(h->pid, "status", "Threads:"), 1);
	if (may_lock_all()) {
		/* All of it, not only the keys. */
		ck_assert_int_gt(proc_number(h->pid, "status", "VmLck:"), 4096);
	} else {
		ck_assert_int_gt(proc_number(h->pid, "status", "VmLck:"), 0);
		printf("SKIPPED 1: --lock all needs an unlimited memlock limit, or the right to "
		       "raise it\n");
	}
	if (geteuid() == 0) {
		ck_assert_int_gt(proc_number(h->pid, "status", "Uid:"), 0);
		ck_assert_int_gt(proc_number(h->pid, "status", "Gid:"), 0);
		ck_assert_int_eq(proc_number(h->pid, "status", "CapEff:"), 0);
	} else {
		printf("SKIPPED 1: dropping the user needs root to start from\n");
	}
	fflush(stdout);
	host_stop(h);
}
END_TEST

/* As that user: can the process's memory be opened? */
static bool may_read_memory(pid_t pid, uid_t uid)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		char path[64];

		if (setgroups(0, NULL) != 0 || setgid(uid) != 0 || setuid(uid) != 0)
			_exit(2);
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		_exit(open(path, O_RDONLY) >= 0 ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* A process of that user that does not hide: the check must find its memory open. */
static bool check_can_fail(uid_t uid)
{
	int fds[2];
	pid_t pid;
	bool open_to_all;
	char byte;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) == 0 && setgid(uid) == 0 && setuid(uid) == 0 &&
		    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 && write(fds[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	open_to_all = may_read_memory(pid, uid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return open_to_all;
}

START_TEST(no_other_user_reads_its_memory_not_even_its_own)
{
	struct host *h;
	uid_t uid;

	if (geteuid() != 0) {
		printf("SKIPPED 1: becoming other users needs root\n");
		fflush(stdout);
		return;
	}
	if (!have_program(1))
		return;
	h = host_booted();
	uid = (uid_t)proc_number(h->pid, "status", "Uid:");
	ck_assert(!may_read_memory(h->pid, uid));
	ck_assert(!may_read_memory(h->pid, 1));
	if (access("/proc/sys/kernel/yama/ptrace_scope", F_OK) != 0)
		ck_assert(check_can_fail(uid));
	host_stop(h);
}
END_TEST

/* --- a host that misbehaves --- */

static void flood(struct host *h)
{
	static const uint8_t bad[5] = { 1, 0, 0, 0, 0xff };

	for (unsigned i = 0; i < 20000; i++)
		sr_write_copy(&h->out, bad, sizeof(bad));
	/* Written without reading, until the enclave waits for room and no longer reads itself. */
	for (uint64_t quiet = scratch_now_ms(); scratch_now_ms() - quiet < 200;) {
		size_t before = h->sent;

		host_write(h);
		if (h->out.n == 0)
			break;
		if (h->sent != before)
			quiet = scratch_now_ms();
		scratch_moment();
	}
}

START_TEST(a_full_socket_is_waited_for_and_nothing_is_lost)
{
	struct host *h;
	unsigned notes;

	if (!have_program(1))
		return;
	h = host_booted();
	notes = h->effects[ENCLAVE_FX_NOTE];
	flood(h);
	host_until(h, ENCLAVE_FX_NOTE, notes + 20000);
	host_stop(h);
}
END_TEST

START_TEST(a_host_that_hangs_up_ends_it_in_order)
{
	struct host *h;
	int status;

	if (!have_program(1))
		return;
	h = host_booted();
	close(h->fd);
	h->fd = -1;
	status = host_wait(h);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	host_free(h);
	/* In the middle of a write it is an error, not a signal: keys are still wiped. */
	ck_assert_int_eq(unlink(scratch_path("identity")), 0);
	h = host_booted();
	flood(h);
	close(h->fd);
	h->fd = -1;
	status = host_wait(h);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	host_free(h);
}
END_TEST

START_TEST(a_frame_over_the_limit_ends_it_with_its_error)
{
	struct host *h;
	int status;

	if (!have_program(1))
		return;
	h = host_booted();
	sr_write_u32(&h->out, HOST_FRAME_MAX + 1);
	host_until(h, ENCLAVE_FX_FATAL, 1);
	ck_assert_uint_eq(h->fatal, SR_ERR_TOO_LONG);
	status = host_wait(h);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	host_free(h);
}
END_TEST

START_TEST(a_changed_identity_or_another_genesis_is_fatal)
{
	struct host *h;

	if (!have_program(1))
		return;
	h = host_new();
	h->identities[0][h->identities_n[0] - 1] ^= 1;
	boot_events(h, host_event, 0);
	host_until(h, ENCLAVE_FX_FATAL, 1);
	ck_assert_uint_ne(h->fatal, 0);
	ck_assert_int_eq(WEXITSTATUS(host_wait(h)), 1);
	host_free(h);
}
END_TEST

/* --- the system calls --- */

static int try_random(void)
{
	uint8_t b[8];

	return sr_random_system(b, sizeof(b)) == SR_OK;
}

static int try_memory(void)
{
	void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_NONE) == 0 && munmap(p, 65536) == 0;
}

static int try_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM;
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != NULL;
}

static int try_code_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL) == 0;
}

static int try_fork(void)
{
	return fork() >= 0;
}

static int try_kill(void)
{
	return kill(getppid(), 0) == 0;
}

static int try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

START_TEST(the_filter_lets_the_loop_live_and_kills_the_rest)
{
	static const struct { int (*call)(void); bool allowed; } calls[] = {
		{ try_random, true }, { try_memory, true }, { try_open, true },
		{ try_code, false }, { try_code_later, false }, { try_socket, false },
		{ try_exec, false }, { try_fork, false }, { try_kill, false },
		{ try_dumpable, false },
	};

#ifdef __SANITIZE_ADDRESS__
	/* Its runtime makes calls of its own. */
	printf("SKIPPED 1: the system call filter is not for a sanitized build\n");
	fflush(stdout);
	return;
#endif
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			if (shell_sandbox_early() != SR_OK || shell_sandbox_seccomp() != SR_OK)
				_exit(9);
			_exit(calls[i].call() ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (calls[i].allowed)
			ck_assert_msg(status == 0, "call %zu: status %x", i, (unsigned)status);
		else
			ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			    "call %zu: status %x", i, (unsigned)status);
	}
}
END_TEST

START_TEST(root_is_given_up_for_a_user_that_exists_and_is_not_root)
{
	pid_t pid;
	int status;

	ck_error(geteuid() == 0 ? shell_sandbox_drop_user("root") : SR_ERR_NOT_FOUND,
	    SR_ERR_NOT_FOUND);
	ck_error(geteuid() == 0 ? shell_sandbox_drop_user("no such user") : SR_ERR_NOT_FOUND,
	    SR_ERR_NOT_FOUND);
	if (geteuid() != 0) {
		printf("SKIPPED 1: dropping the user needs root to start from\n");
		fflush(stdout);
		return;
	}
	pid = fork();
	if (pid == 0) {
		bool ok = shell_sandbox_drop_user("nobody") == SR_OK && getuid() != 0 &&
		    geteuid() != 0 && getgid() != 0 && getgroups(0, NULL) == 0 &&
		    setuid(0) != 0 && prctl(PR_GET_DUMPABLE) == 0;

		_exit(ok ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_sealing_key_from_a_pipe_is_thirty_two_bytes_and_no_more)
{
	uint8_t bytes[33] = { 7 };
	struct sr_key32 key;
	struct outcome o;

	for (size_t n = 31; n <= 33; n++) {
		int ends[2];
		enum sr_error error;

		ck_assert_int_eq(pipe(ends), 0);
		ck_assert_int_eq(write(ends[1], bytes, n), (ssize_t)n);
		close(ends[1]);
		error = shell_sealing_fd(&key, ends[0]);
		ck_error(error, n == 32 ? SR_OK : SR_ERR_DAMAGED);
		ck_assert_uint_eq(key.b[0], n == 32 ? 7 : 0);
		ck_assert_int_eq(fcntl(ends[0], F_GETFD), -1);
	}
	ck_error(shell_sealing_fd(&key, 1000), SR_ERR_IO);
	if (!have_program(1))
		return;
	run(&o, "--fd", "9", "--sealing-fd", "8", "--sealing-key", "x", NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--new-identity", "--sealing-fd", "8", "--out", scratch_path("other"), NULL);
	ck_assert_int_eq(o.status, 2);
	run(&o, "--fd", "9", "--lock", "keys", "--sealing-fd", "8", NULL);
	ck_assert_int_eq(o.status, 1);
	ck_assert_ptr_nonnull(strstr(o.text, "(io)"));
}
END_TEST

TEST_MAIN("shell process",
    help_version_and_usage_say_what_they_should,
    the_measurement_is_of_the_programs_bytes,
    a_new_identity_is_private_and_never_replaced,
    a_sealing_key_that_is_not_as_it_should_be_is_refused_by_name,
    a_sealing_key_from_a_pipe_is_thirty_two_bytes_and_no_more,
    the_sandboxed_process_boots_ticks_and_opens_channels,
    the_running_process_has_given_up_what_it_does_not_need,
    no_other_user_reads_its_memory_not_even_its_own,
    a_full_socket_is_waited_for_and_nothing_is_lost,
    a_host_that_hangs_up_ends_it_in_order,
    a_frame_over_the_limit_ends_it_with_its_error,
    a_changed_identity_or_another_genesis_is_fatal,
    the_filter_lets_the_loop_live_and_kills_the_rest,
    root_is_given_up_for_a_user_that_exists_and_is_not_root)
