/*
 * The enclave process's loop asks the host for evidence of its machine. The core is a FAKE: this
 * program defines what the loop asks of it. The loop runs in a child process, this one is the host.
 */
#define _GNU_SOURCE /* prctl */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/evidence.h"
#include "enclave/shell_run.h"
#include "tests/lib/check_main.h"

#define NOW_MS 1800000000000u
#define HELLO 1u

/* --- The fake core: seat 1, with a peer on seat 2 --- */

static uint32_t signatures;                     /* one for each certificate */

struct enclave_core { bool software; struct sr_edsk id; struct sr_edpk id_public; };

enum sr_error enclave_core_peer_key(struct sr_edpk *id_key, const struct enclave_core *self,
    uint32_t seat)
{
	*id_key = self->id_public;
	id_key->b[0] ^= 1;
	return seat == 2 ? SR_OK : SR_ERR_NOT_A_MEMBER;
}

enum sr_error enclave_core_own_key(struct sr_edpk *id_key, const struct enclave_core *self)
{
	*id_key = self->id_public;
	return SR_OK;
}

uint64_t enclave_core_peers_version(const struct enclave_core *self)
{
	(void)self;
	return 1;
}

enum sr_error enclave_core_channel_sign(struct sr_sig64 *out, const struct enclave_core *self,
    const uint8_t *binding, size_t n)
{
	signatures++;
	sr_sign(out, &self->id, "strongroom channel v1", binding, n);
	return SR_OK;
}

enum sr_error enclave_core_evidence_judge(const struct enclave_core *self, uint32_t seat,
    const struct attest_facts *facts, const uint8_t report_data[64], uint64_t now_ms)
{
	(void)self;
	(void)seat;
	(void)facts;
	(void)report_data;
	(void)now_ms;
	return SR_ERR_MEASUREMENT;
}

void enclave_core_evidence_trust(struct attest_trust *out, struct attest_policy *room,
    const struct enclave_core *self)
{
	(void)room;
	(void)self;
	memset(out, 0, sizeof *out);
}

bool enclave_core_evidence_software(const struct enclave_core *self)
{
	return self->software;
}

uint64_t enclave_core_evidence_grace_ms(const struct enclave_core *self, uint32_t seat)
{
	(void)self;
	(void)seat;
	return 0;
}

bool enclave_core_evidence_known(const struct enclave_core *self)
{
	(void)self;
	return true;
}

/* A tick with a token changes the policy. */
static void policy_change(struct enclave_core *self, const struct enclave_event *event)
{
	if (event->kind == ENCLAVE_EV_TICK && event->token != 0)
		self->software = event->token == 2;
}

uint32_t enclave_core_self(const struct enclave_core *self)
{
	(void)self;
	return 1;
}

struct sr_hash32 enclave_core_chain_id(const struct enclave_core *self)
{
	(void)self;
	return (struct sr_hash32){ { 3 } };
}

void enclave_effects_init(struct enclave_effects *self)
{
	memset(self, 0, sizeof *self);
}

void enclave_effects_reset(struct enclave_effects *self)
{
	self->n = 0;
}

void enclave_effects_clear(struct enclave_effects *self)
{
	self->n = 0;
}

/* Says which event it got, by a WAKE. */
enum sr_error enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event)
{
	static struct enclave_effect wake;

	policy_change(self, event);
	wake = (struct enclave_effect){ .kind = ENCLAVE_FX_WAKE, .number = event->kind,
		.token = event->token, .member = signatures };
	out->list = &wake;
	out->n = 1;
	return SR_OK;
}

/* --- The host --- */

static int fd;
static pid_t child;
static uint64_t now_ms;
static struct enclave_effect last;              /* of the kind waited for */
static uint8_t last_a[4096];

static void start(bool software)
{
	int pair[2];

	now_ms = NOW_MS;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = pair[0];
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		static struct enclave_core core;
		struct sr_key32 seed = { { 5 } };
		struct sr_hash32 measurement = { { 6 } };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		core.software = software;
		sr_ed25519_keypair(&core.id, &core.id_public, &seed);
		_exit(shell_run(pair[1], &core, &measurement) == SR_OK ? 0 : 1);
	}
	close(pair[1]);
}

static void end(void)
{
	int status;

	close(fd);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void tell(struct enclave_event ev)
{
	struct sr_writer w;

	ev.now_ms = now_ms;
	sr_writer_init(&w, HOST_FRAME_MAX);
	host_wire_event_write(&w, &ev);
	ck_assert(write(fd, w.p, w.n) == (ssize_t)w.n);
	sr_writer_clear(&w);
}

static void read_all(uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, p + at, n - at);

		ck_assert_int_gt(got, 0);
		at += (size_t)got;
	}
}

/* Every effect up to the core's word that it got the event; true: one of that kind was among them.
 */
static bool effects_until(enum enclave_event_kind event, enum enclave_effect_kind kind)
{
	static uint8_t frame[HOST_FRAME_MAX];
	struct enclave_effect fx;
	bool seen = false;

	do {
		size_t n;

		read_all(frame, 4);
		n = (size_t)frame[0] | (size_t)frame[1] << 8 | (size_t)frame[2] << 16;
		read_all(frame, n);
		ck_ok(host_wire_effect_read(&fx, frame, n));
		if (fx.kind == kind) {
			ck_assert_uint_le(fx.a.n, sizeof last_a);
			last = fx;
			memcpy(last_a, fx.a.p, fx.a.n);
			seen = true;
		}
	} while (fx.kind != ENCLAVE_FX_WAKE || fx.number != (uint64_t)event);
	return seen;
}

/* What an event leads to, up to the answer to a second one behind it. */
static bool leads_to(struct enclave_event ev, enum enclave_effect_kind kind)
{
	struct enclave_event after = { .kind = ENCLAVE_EV_DISK };

	tell(ev);
	tell(after);
	return effects_until(ENCLAVE_EV_DISK, kind);
}

static const struct enclave_event boot = { .kind = ENCLAVE_EV_BOOT },
	tick = { .kind = ENCLAVE_EV_TICK },
	link_up = { .kind = ENCLAVE_EV_LINK, .member = 2, .number = 1 };
static const uint8_t genuine[100] = { ATTEST_KIND_SNP, 1, 2, 3 };

/* Handshakes begin: there is a certificate. */
static bool says_hello(void)
{
	now_ms += 5000;
	return leads_to(link_up, ENCLAVE_FX_SEND) && last.member == 2 && last_a[0] == HELLO;
}

START_TEST(where_software_is_enough_the_host_is_not_asked)
{
	start(true);
	ck_assert(!leads_to(boot, ENCLAVE_FX_EVIDENCE));
	ck_assert(says_hello());
	now_ms += 86400000;
	ck_assert(!leads_to(tick, ENCLAVE_FX_EVIDENCE));
	end();
}
END_TEST

START_TEST(the_host_is_asked_for_evidence_at_the_start_and_each_day)
{
	struct enclave_event answer = { .kind = ENCLAVE_EV_EVIDENCE,
		.a = { genuine, sizeof genuine } };
	uint8_t first[64];

	start(false);
	ck_assert(leads_to(boot, ENCLAVE_FX_EVIDENCE));
	ck_assert_uint_eq(last.a.n, 64);
	ck_assert(last.token >> 63 == 1);
	memcpy(first, last_a, 64);
	ck_assert(!leads_to(link_up, ENCLAVE_FX_SEND)); /* nothing to show yet */
	answer.token = last.token + 1;               /* to no question */
	ck_assert(!leads_to(answer, ENCLAVE_FX_SEND));
	answer.token = last.token;
	tell(answer);
	ck_assert(says_hello());
	now_ms += 20000;
	ck_assert(!leads_to(tick, ENCLAVE_FX_EVIDENCE));
	now_ms += 86400000;
	ck_assert(leads_to(tick, ENCLAVE_FX_EVIDENCE));
	ck_assert(memcmp(first, last_a, 64) != 0);   /* another key, another nonce */
	ck_assert(says_hello());                     /* the old one serves meanwhile */
	end();
}
END_TEST

START_TEST(without_evidence_it_shows_what_it_has_and_asks_again)
{
	struct enclave_event answer = { .kind = ENCLAVE_EV_EVIDENCE, .number = SR_ERR_NOT_READY };

	start(false);
	ck_assert(leads_to(boot, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	ck_assert(leads_to(answer, ENCLAVE_FX_NOTE));
	ck_assert(says_hello());
	now_ms += 10000;
	ck_assert(leads_to(tick, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	answer.number = SR_OK;
	answer.a = (struct sr_bytes){ genuine, sizeof genuine };
	ck_assert(!leads_to(answer, ENCLAVE_FX_NOTE));
	ck_assert(says_hello());
	now_ms += 20000;
	ck_assert(!leads_to(tick, ENCLAVE_FX_EVIDENCE));
	end();
}
END_TEST

START_TEST(a_renewal_that_fails_keeps_the_certificate)
{
	struct enclave_event answer = { .kind = ENCLAVE_EV_EVIDENCE,
		.a = { genuine, sizeof genuine } };

	start(false);
	ck_assert(leads_to(boot, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	tell(answer);
	ck_assert(leads_to(tick, ENCLAVE_FX_WAKE));
	ck_assert_uint_eq(last.member, 1);
	now_ms += 86400000;
	ck_assert(leads_to(tick, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	answer.number = SR_ERR_NOT_READY;
	ck_assert(leads_to(answer, ENCLAVE_FX_NOTE));
	ck_assert(leads_to(tick, ENCLAVE_FX_WAKE));
	ck_assert_uint_eq(last.member, 1);
	ck_assert(says_hello());
	now_ms += 10000;
	ck_assert(leads_to(tick, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	answer.number = SR_OK;
	tell(answer);
	ck_assert(leads_to(tick, ENCLAVE_FX_WAKE));
	ck_assert_uint_eq(last.member, 2);
	end();
}
END_TEST

START_TEST(a_policy_that_takes_software_no_longer_is_seen_within_seconds)
{
	struct enclave_event change = { .kind = ENCLAVE_EV_TICK, .token = 1 }, answer = {
		.kind = ENCLAVE_EV_EVIDENCE, .a = { genuine, sizeof genuine } };

	start(true);
	ck_assert(!leads_to(boot, ENCLAVE_FX_EVIDENCE));
	ck_assert(says_hello());
	ck_assert(!leads_to(change, ENCLAVE_FX_EVIDENCE));
	now_ms += 10000;
	ck_assert(leads_to(tick, ENCLAVE_FX_EVIDENCE));
	answer.token = last.token;
	tell(answer);
	ck_assert(says_hello());
	now_ms += 20000;
	ck_assert(!leads_to(tick, ENCLAVE_FX_EVIDENCE));
	end();
}
END_TEST

START_TEST(the_cores_own_questions_are_answered_to_it)
{
	struct enclave_event answer = { .kind = ENCLAVE_EV_EVIDENCE, .token = 77 };

	start(true);
	ck_assert(!leads_to(boot, ENCLAVE_FX_EVIDENCE));
	tell(answer);
	ck_assert(effects_until(ENCLAVE_EV_EVIDENCE, ENCLAVE_FX_WAKE));
	ck_assert_uint_eq(last.token, 77);
	end();
}
END_TEST

TEST_MAIN("shell evidence", where_software_is_enough_the_host_is_not_asked,
    the_host_is_asked_for_evidence_at_the_start_and_each_day,
    without_evidence_it_shows_what_it_has_and_asks_again,
    a_renewal_that_fails_keeps_the_certificate,
    a_policy_that_takes_software_no_longer_is_seen_within_seconds,
    the_cores_own_questions_are_answered_to_it)
