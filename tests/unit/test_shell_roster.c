/*
 * Channels while the roster changes, and evidence of machines. The core is a FAKE: this program
 * defines what the channels ask of it, so that identities come and go as a test says.
 */
#include <stdlib.h>
#include <string.h>

#include "attest/policy.h"
#include "enclave/shell_channel.h"
#include "tests/lib/check_main.h"

#define ENDS 3u
#define FRAMES_MAX 4096u
#define NOW_MS 1800000000000u

/* --- The fake core --- */

struct enclave_core {
	uint32_t self;
	uint64_t version;
	struct { bool known; struct sr_edpk id; } seats[SR_MEMBERS_MAX];
	struct sr_edsk id;
	struct sr_edpk id_public;
	struct sr_hash32 chain_id;
	struct attest_policy policy;
	uint64_t grace_ms;
	bool joining;                    /* and so without the state's policy */
};

enum sr_error enclave_core_peer_key(struct sr_edpk *id_key, const struct enclave_core *self,
    uint32_t seat)
{
	if (seat < SR_MEMBERS_MAX && self->seats[seat].known)
		*id_key = self->seats[seat].id;
	else
		return SR_ERR_NOT_A_MEMBER;
	return SR_OK;
}

enum sr_error enclave_core_own_key(struct sr_edpk *id_key, const struct enclave_core *self)
{
	*id_key = self->id_public;
	return SR_OK;
}

uint64_t enclave_core_peers_version(const struct enclave_core *self)
{
	return self->version;
}

enum sr_error enclave_core_channel_sign(struct sr_sig64 *out, const struct enclave_core *self,
    const uint8_t *binding, size_t n)
{
	sr_sign(out, &self->id, "strongroom channel v1", binding, n);
	return SR_OK;
}

enum sr_error enclave_core_evidence_judge(const struct enclave_core *self, uint32_t seat,
    const struct attest_facts *facts, const uint8_t report_data[64], uint64_t now_ms)
{
	(void)seat;
	return attest_policy_judge(&self->policy, facts, report_data, now_ms);
}

void enclave_core_evidence_trust(struct attest_trust *out, struct attest_policy *room,
    const struct enclave_core *self)
{
	(void)room;
	(void)self;
	memset(out, 0, sizeof *out);
}

uint64_t enclave_core_evidence_grace_ms(const struct enclave_core *self, uint32_t seat)
{
	(void)seat;
	return self->grace_ms;
}

bool enclave_core_evidence_known(const struct enclave_core *self)
{
	return !self->joining;
}

uint32_t enclave_core_self(const struct enclave_core *self)
{
	return self->self;
}

struct sr_hash32 enclave_core_chain_id(const struct enclave_core *self)
{
	return self->chain_id;
}

/* --- A FAKE of attest_evidence_verify: kind | debug | report data 64 | measurement 32, and the
 * flaw that a machine can't have: a last byte that is not 0 --- */

#define EVIDENCE_N 99u

static uint64_t expired_s = UINT64_MAX;         /* collateral is valid up to then */

static enum sr_error fake_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	(void)trust;
	if (time_s > expired_s)
		return SR_ERR_COLLATERAL_TIME;
	if (evidence.n != EVIDENCE_N)
		return SR_ERR_EVIDENCE_FORMAT;
	if (evidence.p[EVIDENCE_N - 1] != 0)
		return SR_ERR_BAD_SIGNATURE;
	memset(facts, 0, sizeof *facts);
	facts->kind = (enum attest_kind)evidence.p[0];
	facts->debug = evidence.p[1] != 0;
	facts->status = ATTEST_UP_TO_DATE;
	facts->valid_to_s = UINT64_MAX;
	memcpy(facts->report_data, evidence.p + 2, 64);
	memcpy(facts->measurement, evidence.p + 66, 32);
	facts->measurement_n = 32;
	return SR_OK;
}

/* --- Ends, joined by a queue --- */

struct frame { uint32_t from, to; uint8_t *p; size_t n; };

struct net;
struct end {
	struct net *net;
	struct enclave_core core;
	struct shell_cert cert;
	struct shell_channels *channels;
	char heard[64];
	uint32_t heard_n, heard_from;
	enum sr_error refused;
};

struct net {
	struct end ends[ENDS];
	uint32_t at[SR_MEMBERS_MAX];     /* which end has a seat */
	struct frame frames[FRAMES_MAX];
	size_t first, last;
	uint64_t now_ms;
};

static void on_frame(void *ctx, uint32_t seat, uint32_t class, const uint8_t *bytes, size_t n)
{
	struct end *e = ctx;
	struct frame *f = &e->net->frames[e->net->last++];

	(void)class;
	ck_assert_uint_lt(e->net->last, FRAMES_MAX);
	*f = (struct frame){ e->core.self, seat, malloc(n), n };
	memcpy(f->p, bytes, n);
}

static void on_message(void *ctx, uint32_t seat, const uint8_t *bytes, size_t n)
{
	struct end *e = ctx;

	ck_assert_uint_lt(n, sizeof e->heard);
	memcpy(e->heard, bytes, n);
	e->heard[n] = '\0';
	e->heard_from = seat;
	e->heard_n++;
}

static void on_refused(void *ctx, uint32_t seat, enum sr_error why)
{
	(void)seat;
	((struct end *)ctx)->refused = why;
}

static void identity_make(struct enclave_core *core, uint8_t seed)
{
	struct sr_key32 bytes = { { seed } };

	sr_ed25519_keypair(&core->id, &core->id_public, &bytes);
}

static const struct sr_hash32 chain = { { 7 } }, measurement = { { 8 } };

static void core_make(struct enclave_core *core, uint32_t seat, enum attest_kind kind)
{
	memset(core, 0, sizeof *core);
	core->self = seat;
	core->version = 1;
	core->chain_id = chain;
	identity_make(core, (uint8_t)(seat + 1));
	attest_policy_default(&core->policy);
	core->policy.kinds = ATTEST_KIND_BIT(kind);
	core->policy.measurements_n = 1;
	core->policy.measurements[0] = (struct attest_policy_measurement){ .kind = kind,
		.measurement_n = attest_kind_measurement_n(kind) };
	memcpy(core->policy.measurements[0].measurement, measurement.b, 32);
}

/* What a certificate's evidence may lie about. */
struct flaw { bool debug, forged, other_key, other_chain, other_program; };

static void cert_make(struct end *e, uint8_t nonce_first, enum attest_kind kind,
    const struct flaw *flaw)
{
	struct sr_hash32 nonce = { { nonce_first, (uint8_t)e->core.self } };
	struct enclave_core core = e->core;
	uint8_t evidence[EVIDENCE_N] = { (uint8_t)kind, flaw->debug };
	struct shell_cert other;

	core.chain_id.b[0] ^= flaw->other_chain;
	ck_ok(shell_cert_begin(&e->cert, &core, &measurement, &nonce, e->net->now_ms));
	memcpy(evidence + 2, e->cert.report_data, 64);
	memcpy(evidence + 66, measurement.b, 32);
	evidence[66] ^= flaw->other_program;
	evidence[EVIDENCE_N - 1] = flaw->forged;
	if (flaw->other_key) {
		ck_ok(shell_cert_begin(&other, &core, &measurement, &nonce, e->net->now_ms));
		memcpy(evidence + 2, other.report_data, 64);
		shell_cert_clear(&other);
	}
	ck_ok(shell_cert_finish(&e->cert, &e->core, kind == ATTEST_KIND_SOFTWARE
		? (struct sr_bytes){ NULL, 0 } : (struct sr_bytes){ evidence, EVIDENCE_N }));
}

static void end_open(struct end *e, enum attest_kind kind, const struct flaw *flaw)
{
	struct shell_channel_ports ports = { .ctx = e, .frame = on_frame, .message = on_message,
		.refused = on_refused, .verify = fake_verify };

	cert_make(e, 1, kind, flaw);
	e->channels = shell_channels_new(&e->core, &e->cert, &ports);
	ck_assert_ptr_nonnull(e->channels);
}

static void end_close(struct end *e)
{
	shell_channels_free(e->channels);
	shell_cert_clear(&e->cert);
	e->channels = NULL;
}

static void knows(struct end *a, const struct end *b)
{
	a->core.seats[b->core.self].known = true;
	a->core.seats[b->core.self].id = b->core.id_public;
	a->core.version++;
}

/* Nobody knows anybody yet. */
static struct net *net_new(const uint32_t seats[ENDS], enum attest_kind kind,
    const struct flaw *flaw)
{
	static const struct flaw none;
	struct net *net = calloc(1, sizeof *net);

	net->now_ms = NOW_MS;
	for (uint32_t i = 0; i < ENDS; i++) {
		net->ends[i].net = net;
		net->at[seats[i]] = i;
		core_make(&net->ends[i].core, seats[i], kind);
		end_open(&net->ends[i], kind, i == 1 && flaw != NULL ? flaw : &none);
	}
	for (uint32_t i = 0; i < ENDS; i++)
		for (uint32_t k = 0; k < ENDS; k++)
			if (i != k)
				shell_channels_link(net->ends[i].channels, seats[k], true,
				    net->now_ms);
	return net;
}

static void net_free(struct net *net)
{
	while (net->first < net->last)
		free(net->frames[net->first++].p);
	for (uint32_t i = 0; i < ENDS; i++)
		end_close(&net->ends[i]);
	free(net);
}

static void pump(struct net *net)
{
	while (net->first < net->last) {
		struct frame f = net->frames[net->first++];
		struct end *to = &net->ends[net->at[f.to]];

		shell_channels_receive(to->channels, f.from, f.p, f.n, net->now_ms);
		free(f.p);
	}
	net->first = net->last = 0;
}

static void pass(struct net *net, uint64_t ms)
{
	for (uint64_t t = 0; t < ms; t += SHELL_CHANNEL_RETRY_MS) {
		net->now_ms += SHELL_CHANNEL_RETRY_MS;
		for (uint32_t i = 0; i < ENDS; i++)
			shell_channels_tick(net->ends[i].channels, net->now_ms);
		pump(net);
	}
}

static void say(struct net *net, uint32_t from, uint32_t to_seat, const char *text)
{
	shell_channels_send(net->ends[from].channels, to_seat, 0, (const uint8_t *)text,
	    strlen(text), net->now_ms);
	pump(net);
}

static bool joined(const struct net *net, uint32_t a, uint32_t b)
{
	return shell_channels_up(net->ends[a].channels, net->ends[b].core.self) &&
	    shell_channels_up(net->ends[b].channels, net->ends[a].core.self);
}

/* --- Who comes and goes --- */

static const uint32_t seats_up[ENDS] = { 3, 50, 99 }, seats_down[ENDS] = { 50, 3, 99 };

START_TEST(a_joiner_is_met_once_both_cores_know_each_other)
{
	/* Whichever of the two has the lower seat, and so starts. */
	for (unsigned i = 0; i < 2; i++) {
		struct net *net = net_new(i == 0 ? seats_up : seats_down, ATTEST_KIND_SOFTWARE,
		    NULL);
		struct end *a = &net->ends[0], *b = &net->ends[1];

		knows(b, a);
		pass(net, 2000);
		ck_assert(!joined(net, 0, 1));
		knows(a, b);
		pass(net, 1000);
		ck_assert(joined(net, 0, 1));
		say(net, 0, b->core.self, "welcome");
		ck_assert_str_eq(b->heard, "welcome");
		ck_assert_uint_eq(b->heard_from, a->core.self);
		say(net, 1, a->core.self, "thanks");
		ck_assert_str_eq(a->heard, "thanks");
		net_free(net);
	}
}
END_TEST

static struct net *net_joined(void)
{
	struct net *net = net_new(seats_up, ATTEST_KIND_SOFTWARE, NULL);

	for (uint32_t i = 0; i < ENDS; i++)
		for (uint32_t k = 0; k < ENDS; k++)
			if (i != k)
				knows(&net->ends[i], &net->ends[k]);
	pass(net, 1000);
	ck_assert(joined(net, 0, 1) && joined(net, 1, 2) && joined(net, 0, 2));
	return net;
}

START_TEST(a_peer_that_is_forgotten_is_heard_no_more)
{
	struct net *net = net_joined();
	struct end *a = &net->ends[0];
	struct shell_channel_figures before, after;

	a->core.seats[50].known = false;
	a->core.version++;
	say(net, 1, 3, "still here");
	ck_assert_uint_eq(a->heard_n, 0);
	ck_assert(!shell_channels_up(a->channels, 50));
	ck_assert(shell_channels_up(a->channels, 99));
	shell_channels_figures(&before, a->channels);
	say(net, 0, 50, "anybody?");
	pass(net, 3000);
	shell_channels_figures(&after, a->channels);
	ck_assert_uint_eq(after.dropped, before.dropped + 1);
	ck_assert_uint_eq(net->ends[1].heard_n, 0);
	say(net, 2, 3, "me too");
	ck_assert_str_eq(a->heard, "me too");
	net_free(net);
}
END_TEST

START_TEST(another_identity_on_a_seat_gets_nothing_that_was_for_the_one_before)
{
	struct net *net = net_joined();
	struct end *a = &net->ends[0], *b = &net->ends[1];
	static const struct flaw none;
	struct frame old;

	/* A frame of the old one, sealed and under way. */
	shell_channels_send(b->channels, 3, 0, (const uint8_t *)"last words", 10, net->now_ms);
	old = net->frames[--net->last];
	/* The new one, on the same seat. a still waits to hear from the old one. */
	end_close(b);
	identity_make(&b->core, 77);
	end_open(b, ATTEST_KIND_SOFTWARE, &none);
	for (uint32_t i = 0; i < ENDS; i++)
		if (i != 1)
			shell_channels_link(b->channels, net->ends[i].core.self, true, net->now_ms);
	pass(net, 3000);
	ck_assert_int_eq(a->refused, SR_ERR_EVIDENCE_SEAT);
	say(net, 0, 50, "for the old one");
	knows(a, b);
	shell_channels_receive(a->channels, 50, old.p, old.n, net->now_ms);
	ck_assert_uint_eq(a->heard_n, 0);
	pass(net, 3000);
	ck_assert(joined(net, 0, 1));
	ck_assert_uint_eq(b->heard_n, 0);
	say(net, 0, 50, "for the new one");
	ck_assert_str_eq(b->heard, "for the new one");
	free(old.p);
	net_free(net);
}
END_TEST

START_TEST(what_waits_for_a_peer_goes_with_it)
{
	struct net *net = net_new(seats_up, ATTEST_KIND_SOFTWARE, NULL);
	struct end *a = &net->ends[0], *b = &net->ends[1];

	/* No handshake can be through: b does not know a. */
	a->core.seats[50].known = true;
	a->core.seats[50].id = net->ends[2].core.id_public;
	a->core.version++;
	say(net, 0, 50, "for whoever was here before");
	knows(a, b);
	knows(b, a);
	pass(net, 2000);
	ck_assert(joined(net, 0, 1));
	ck_assert_uint_eq(b->heard_n, 0);
	net_free(net);
}
END_TEST

START_TEST(every_seat_can_be_a_peer)
{
	struct net *net = net_joined();
	struct shell_channel_figures f;

	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX; seat++)
		net->ends[0].core.seats[seat].known = true;
	net->ends[0].core.version++;
	for (uint32_t seat = 0; seat < SR_MEMBERS_MAX + 3; seat++)
		shell_channels_send(net->ends[0].channels, seat, 0, (const uint8_t *)"x", 1,
		    net->now_ms);
	shell_channels_figures(&f, net->ends[0].channels);
	ck_assert_uint_eq(f.dropped, 1 + 3);         /* to itself, and beyond */
	while (net->first < net->last)
		free(net->frames[net->first++].p);
	net_free(net);
}
END_TEST

/* --- Evidence of machines --- */

static enum sr_error outcome(const struct flaw *flaw)
{
	struct net *net = net_new(seats_up, ATTEST_KIND_SGX, flaw);
	enum sr_error why;

	knows(&net->ends[0], &net->ends[1]);
	knows(&net->ends[1], &net->ends[0]);
	pass(net, 2000);
	why = net->ends[0].refused;
	ck_assert(joined(net, 0, 1) == (why == SR_OK));
	ck_assert_int_eq(net->ends[1].refused, SR_OK); /* the honest end's was good */
	net_free(net);
	return why;
}

START_TEST(genuine_evidence_opens_a_channel_and_each_flaw_is_refused_by_its_name)
{
	struct flaw f;

	ck_error(outcome(NULL), SR_OK);
	f = (struct flaw){ .forged = true };
	ck_error(outcome(&f), SR_ERR_BAD_SIGNATURE);
	f = (struct flaw){ .debug = true };
	ck_error(outcome(&f), SR_ERR_DEBUG_ENCLAVE);
	f = (struct flaw){ .other_key = true };
	ck_error(outcome(&f), SR_ERR_BINDING);
	f = (struct flaw){ .other_chain = true };
	ck_error(outcome(&f), SR_ERR_WRONG_CHAIN);
	f = (struct flaw){ .other_program = true };
	ck_error(outcome(&f), SR_ERR_MEASUREMENT);
}
END_TEST

START_TEST(software_is_no_evidence_where_machines_are_asked_for)
{
	static const struct flaw none;
	struct net *net = net_new(seats_up, ATTEST_KIND_SGX, NULL);

	end_close(&net->ends[1]);
	end_open(&net->ends[1], ATTEST_KIND_SOFTWARE, &none);
	knows(&net->ends[0], &net->ends[1]);
	knows(&net->ends[1], &net->ends[0]);
	pass(net, 2000);
	ck_assert(!joined(net, 0, 1));
	ck_assert_int_eq(net->ends[0].refused, SR_ERR_EVIDENCE_KIND);
	net_free(net);
}
END_TEST

START_TEST(collateral_that_ran_out_holds_a_while_for_whom_the_core_says)
{
	struct net *net = net_new(seats_up, ATTEST_KIND_SGX, NULL);

	expired_s = NOW_MS / 1000 - 100;
	for (uint32_t i = 0; i < 2; i++)
		knows(&net->ends[i], &net->ends[1 - i]);
	net->ends[0].core.grace_ms = 50000;
	net->ends[1].core.grace_ms = 200000;
	pass(net, 2000);
	ck_assert(!joined(net, 0, 1));
	ck_assert_int_eq(net->ends[0].refused, SR_ERR_COLLATERAL_TIME);
	ck_assert_int_eq(net->ends[1].refused, SR_OK);
	net->ends[0].core.grace_ms = 200000;
	pass(net, 2000);
	ck_assert(joined(net, 0, 1));
	expired_s = UINT64_MAX;
	net_free(net);
}
END_TEST

/* By the genesis it lets in what the state's policy does not. */
START_TEST(a_joiner_judges_its_peers_again_when_it_has_the_state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct net *net = net_new(i == 0 ? seats_up : seats_down, ATTEST_KIND_SOFTWARE,
		    NULL);
		struct end *a = &net->ends[0];

		a->core.joining = true;
		for (uint32_t k = 1; k < ENDS; k++) {
			knows(a, &net->ends[k]);
			knows(&net->ends[k], a);
		}
		pass(net, 1000);
		ck_assert(joined(net, 0, 1) && joined(net, 0, 2));
		a->core.joining = false;
		pass(net, 1000);
		ck_assert(joined(net, 0, 1) && joined(net, 0, 2));
		a->core.joining = true;
		pass(net, 1000);
		a->core.joining = false;
		a->core.policy.measurements[0].measurement[0] ^= 1;
		pass(net, 3000);
		ck_assert(!shell_channels_up(a->channels, net->ends[1].core.self));
		ck_assert(!shell_channels_up(a->channels, net->ends[2].core.self));
		ck_assert_int_eq(a->refused, SR_ERR_MEASUREMENT);
		say(net, 1, a->core.self, "still here");
		ck_assert_uint_eq(a->heard_n, 0);
		net_free(net);
	}
}
END_TEST

TEST_MAIN("shell roster", collateral_that_ran_out_holds_a_while_for_whom_the_core_says,
    a_joiner_judges_its_peers_again_when_it_has_the_state,
    a_joiner_is_met_once_both_cores_know_each_other,
    a_peer_that_is_forgotten_is_heard_no_more,
    another_identity_on_a_seat_gets_nothing_that_was_for_the_one_before,
    what_waits_for_a_peer_goes_with_it, every_seat_can_be_a_peer,
    genuine_evidence_opens_a_channel_and_each_flaw_is_refused_by_its_name,
    software_is_no_evidence_where_machines_are_asked_for)
