/*
 * A cluster of four cores, and the n-th allocation of one of them fails: malloc, mmap and mlock, in
 * the core and in the libraries below it, once or from there on until the step's end. For every n a
 * process of its own, forked off the running scenario, looks at what follows:
 *   - the step is OK, or it ends the core with the name of what was lacking, never with one that
 *     sends an operator after a damaged disk;
 *   - no block is freed with a key or a share in it;
 *   - whether it went on or was started again from its disk, the node catches up, its blocks are
 *     those of the others, its reads and decryption shares are right;
 *   - it never voted twice, with all that it voted before and after.
 *
 *   core [--tries N | --seconds S | --only N] [--on] [--planted FAULT]
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <getopt.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "consensus/wire.h"
#include "enclave/internal.h"
#include "shamir/tdh2.h"
#include "tests/inject/fault.h"
#include "tests/lib/cluster.h"
#include "tests/lib/seed.h"
#include "tests/sim/envelope.h"
#include "vault/policy.h"

#define NODES 4u
#define VICTIM 2u
#define STEPS_MAX 400000u
#define VOTES_MAX 4096u
#define HEIGHTS_MAX 4096u
#define CHILD_SECONDS 60u

enum planted { PLANTED_NOTHING, PLANTED_VOTE, PLANTED_FREED, PLANTED_ERROR, PLANTED_BLOCK };

struct world {
	struct cluster *c;
	struct cluster_key alice, bob;
	uint64_t nft;
	struct vault_secret_id secret;
	struct sr_key32 kem;
	struct shamir_tdh2_ct ct;
	struct sr_hash32 label;
	struct consensus_vote votes[VOTES_MAX];
	size_t votes_n;
	struct sr_hash32 blocks[HEIGHTS_MAX];
	bool known[HEIGHTS_MAX];
};

/* Pass 1, in a process of its own, counts the victim's allocations in every step. */
struct counts { uint32_t steps, step[STEPS_MAX]; };

enum mode { COUNTING, SWEEPING, AFTER };

static struct world w;
static struct counts *counts;
static enum mode mode;
static enum planted planted;
static uint32_t step_now;
static uint64_t base_now, next_n, stride, tried, failed_n, ended, refused_n;
static uint64_t only_n, total_n;
static bool always_on, landing;
static double budget_s, started_s;
static enum sr_error step_error;
static uint64_t injected_n;
static sigjmp_buf after_fault;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

__attribute__((noreturn, format(printf, 1, 2))) static void wrong(const char *format, ...)
{
	va_list args;

	fault_disarm();
	fprintf(stderr, "core: n = %" PRIu64 ": ", injected_n);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	_exit(EXIT_FAILURE);
}

/* Before the scenario looks at what the victim answered, or at the victim, which may be down. */
static void arrive(void)
{
	if (landing)
		siglongjmp(after_fault, 1);
}

static void must(enum sr_error error, const char *what)
{
	arrive();
	if (error != SR_OK)
		wrong("%s: %s", what, sr_error_name((unsigned)error));
}

/* --- What the victim and the others say --- */

static bool exclusive(const struct consensus_vote *a, const struct consensus_vote *b)
{
	if (a->kind == b->kind)
		return !sr_hash32_equal(&a->hash, &b->hash);
	return (a->kind == CONSENSUS_SKIP && b->kind == CONSENSUS_FINAL) ||
	    (a->kind == CONSENSUS_FINAL && b->kind == CONSENSUS_SKIP);
}

static void vote_seen(const struct consensus_vote *v)
{
	if (v->voter != VICTIM)
		return;
	for (size_t i = 0; i < w.votes_n; i++) {
		const struct consensus_vote *old = &w.votes[i];

		if (old->epoch != v->epoch || old->slot != v->slot)
			continue;
		if (exclusive(old, v))
			wrong("it voted twice in slot %" PRIu64, v->slot);
		if (old->kind == v->kind)
			return;
	}
	if (w.votes_n == VOTES_MAX)
		wrong("more votes than expected");
	w.votes[w.votes_n++] = *v;
}

static bool on_message(void *ctx, struct cluster *c, uint32_t from, uint32_t to, const uint8_t *msg,
    size_t n, uint64_t *delay_ms)
{
	struct consensus_vote votes[SIM_VOTES_MAX];
	size_t votes_n = from == VICTIM ? sim_envelope_votes(votes, msg, n) : 0;

	(void)ctx, (void)c, (void)to, (void)delay_ms;
	for (size_t i = 0; i < votes_n; i++)
		vote_seen(&votes[i]);
	return true;
}

static void on_effect(void *ctx, struct cluster *c, uint32_t node, const struct enclave_effect *fx)
{
	struct sr_hash32 hash;

	(void)ctx, (void)c;
	if (fx->kind != ENCLAVE_FX_BLOCK)
		return;
	if (fx->number >= HEIGHTS_MAX)
		wrong("more blocks than expected");
	hash = sr_hash(fx->a.p, fx->a.n);
	if (planted == PLANTED_BLOCK && mode == AFTER && node == VICTIM)
		hash.b[0] ^= 1;
	if (w.known[fx->number] && !sr_hash32_equal(&w.blocks[fx->number], &hash))
		wrong("two final blocks at height %" PRIu64, fx->number);
	w.blocks[fx->number] = hash;
	w.known[fx->number] = true;
}

/* --- The scenario --- */

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

static void mint(struct cluster_key *who, uint32_t node, const struct vault_account *to,
    uint64_t *id)
{
	union vault_op_body b = { .nft_mint = { 0, *to, text("key") } };
	struct vault_receipt receipt;

	arrive();
	must(cluster_submit(w.c, node, who, VAULT_OP_NFT_MINT, &b, &receipt), "minting");
	*id = receipt.id;
}

static struct sr_bytes policy_of(struct sr_writer *out)
{
	struct vault_policy *p = malloc(sizeof *p);
	char words[32];
	size_t at;

	if (p == NULL)
		abort();
	snprintf(words, sizeof words, "holder(%" PRIu64 ")", w.nft);
	must(vault_policy_parse(p, &at, words, strlen(words)), "the policy");
	sr_writer_init(out, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(out, p);
	must(sr_writer_finish(out), "the policy");
	free(p);
	return (struct sr_bytes){ out->p, out->n };
}

static void put(uint32_t node)
{
	union vault_op_body b;
	struct sr_writer policy, ct;
	struct vault_receipt receipt;
	struct sr_hash32 policy_hash;
	struct sr_point y;

	arrive();
	memset(&b, 0, sizeof b);
	b.secret_put.id = vault_secret_id_derive(&w.c->genesis->chain_id, &w.alice.account,
	    w.alice.nonce);
	b.secret_put.name = text("will");
	b.secret_put.policy = policy_of(&policy);
	policy_hash = vault_policy_hash(b.secret_put.policy);
	w.secret = b.secret_put.id;
	w.label = vault_label(&w.c->genesis->chain_id, &w.secret, &w.alice.account, &policy_hash);
	must(sr_point_decode(&y, enclave_core_epoch(w.c->nodes[node].core)->vault_key), "the key");
	must(shamir_tdh2_encrypt(&w.ct, &w.kem, &y, w.label.b, 32, &w.c->drbg), "encrypting");
	sr_writer_init(&ct, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_write(&ct, &w.ct);
	must(sr_writer_finish(&ct), "encrypting");
	memcpy(b.secret_put.key.tdh2, ct.p, ct.n);
	b.secret_put.payload.inlined = true;
	b.secret_put.payload.inline_bytes = text("0123456789abcdef0123456789abcdef");
	b.secret_put.payload.plain_bytes = 16;
	must(cluster_submit(w.c, node, &w.alice, VAULT_OP_SECRET_PUT, &b, &receipt), "storing");
	sr_writer_clear(&policy);
	sr_writer_clear(&ct);
}

struct ticket { struct sr_hash32 id; struct sr_key32 sk; };

static void retrieve(struct ticket *t, uint32_t node)
{
	union vault_op_body b = { .retrieve = { .id = w.secret, .nft_id = w.nft,
		.nft_version = 1 } };
	struct vault_receipt receipt;

	arrive();
	must(sr_drbg_fill(&w.c->drbg, t->sk.b, 32), "a key");
	sr_x25519_public(&b.retrieve.to, &t->sk);
	must(cluster_submit(w.c, node, &w.bob, VAULT_OP_RETRIEVE, &b, &receipt), "retrieving");
	t->id = receipt.op;
}

/* A node's share, checked against its public key. */
static void share_check(const struct ticket *t, uint32_t node)
{
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE], *answer;
	const struct epoch_record *epoch;
	struct shamir_tdh2_share share;
	enum sr_error code = SR_OK;
	struct sr_point key;
	struct sr_reader r;
	size_t n;

	arrive();
	epoch = enclave_core_epoch(w.c->nodes[node].core);
	must(cluster_ask(w.c, node, CLIENT_SHARE, t->id.b, 32, &code, &answer, &n, 60000),
	    "asking for a share");
	must(code, "a share");
	must(sr_hpke_open(plain, &t->sk, "strongroom share v1", t->id.b, 32, answer, n), "a share");
	free(answer);
	sr_reader_init(&r, plain, sizeof plain);
	shamir_tdh2_share_read(&share, &r);
	must(sr_reader_finish(&r), "a share");
	must(sr_point_decode(&key, epoch->members[node].verify_key), "a verification key");
	must(shamir_tdh2_share_verify(&share, &key, &w.ct, w.label.b, 32), "checking a share");
}

static void checkpoint(uint32_t node)
{
	uint64_t before = w.c->nodes[node].checkpoints;

	arrive();
	cluster_event(w.c, node, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 1 });
	cluster_event(w.c, node, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK, .number = 0 });
	cluster_run(w.c, 100);
	arrive();
	if (w.c->nodes[node].checkpoints == before)
		wrong("no checkpoint was written");
}

static void people(void)
{
	cluster_key_make(&w.alice, w.c);
	cluster_key_make(&w.bob, w.c);
	mint(&w.alice, 0, &w.bob.account, &w.nft);
}

static void scenario(void)
{
	struct ticket t;

	cluster_start_all(w.c);
	if (!cluster_run_epoch(w.c, 1, 60000))
		wrong("the vault key was not made");
	people();
	put(VICTIM);
	retrieve(&t, VICTIM);
	share_check(&t, VICTIM);
	checkpoint(VICTIM);
	mint(&w.bob, VICTIM, &w.alice.account, &(uint64_t){ 0 });
	cluster_kill(w.c, VICTIM, true);
	cluster_run(w.c, 700);
	cluster_start(w.c, VICTIM);
	cluster_run(w.c, 1000);
	share_check(&t, VICTIM);
	cluster_event(w.c, VICTIM, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
}

/* --- Secrets --- */

/* All 32-byte secrets that the core holds. */
#define SECRETS(X)                                                                                 \
	X(sealing) X(log) X(rows) X(blind) X(archive) X(id_seed) X(genesis_vote_seed) X(box)       \
	X(now.vote_seed) X(now.share) X(now.secret) X(now.shielding)                               \
	X(next.vote_seed) X(next.share) X(next.secret) X(next.shielding)
#define SECRET_BYTES(name) k->name.b,
#define SECRET_NAME(name) #name,

static const char *watched[FAULT_SECRETS_MAX];

static const char *secrets_named(uint64_t bits)
{
	static char line[512];
	size_t n = 0;

	for (unsigned i = 0; i < 64; i++)
		if ((bits >> i & 1) != 0)
			n += (size_t)snprintf(line + n, sizeof line - n, " %s", watched[i]);
	return line;
}

static void watch_secrets(const struct enclave_core *core)
{
	static const char *const names[] = { SECRETS(SECRET_NAME) };
	const struct core_keys *k = core->keys;
	const uint8_t *all[] = { SECRETS(SECRET_BYTES) };
	static const uint8_t zero[32];
	/* Not on the stack, where what is copied from there could find it. */
	static uint8_t found[FAULT_SECRETS_MAX][32];
	size_t n = 0;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (memcmp(all[i], zero, 32) != 0) {
			memcpy(found[n], all[i], 32);
			watched[n++] = names[i];
		}
	fault_watch((const uint8_t (*)[32])found, n);
	if (planted == PLANTED_FREED) {
		uint8_t *p = malloc(64);

		if (p == NULL)
			abort();
		memcpy(p + 7, k->id_seed.b, 32);
		/* A compiler leaves out what is written before a free. */
		__asm__ volatile("" : : "r"(p) : "memory");
		free(p);
	}
}

/* --- After a fault --- */

static uint64_t highest(void)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < NODES; i++)
		if (cluster_height(w.c, i) > most)
			most = cluster_height(w.c, i);
	return most;
}

static void restart_victim(void)
{
	struct cluster_node *node = &w.c->nodes[VICTIM];

	cluster_kill(w.c, VICTIM, true);
	cluster_start(w.c, VICTIM);
	if (step_error != SR_OK || node->fatal)
		wrong("it does not start again: %s", node->fatal_text);
}

static void catches_up(const char *when)
{
	uint64_t height = highest() + 2;

	if (!cluster_run_height(w.c, height, 120000))
		wrong("%s, it stays behind: %" PRIu64 " of %" PRIu64, when,
		    cluster_height(w.c, VICTIM), height);
	if (w.c->nodes[VICTIM].fatal || step_error != SR_OK)
		wrong("%s, it ended: %s", when, w.c->nodes[VICTIM].fatal_text);
}

/* A lack of memory must look like one. */
static void error_check(void)
{
	enum sr_error said = w.c->nodes[VICTIM].fatal ? w.c->nodes[VICTIM].error : step_error;

	if (planted == PLANTED_ERROR)
		said = SR_ERR_DAMAGED;
	if (said != step_error)
		wrong("it ended with %s and says %s", sr_error_name((unsigned)step_error),
		    sr_error_name((unsigned)said));
	if (said != SR_OK && said != SR_ERR_NO_MEMORY && said != SR_ERR_NO_LOCKED_MEMORY)
		wrong("it ended with %s: %s", sr_error_name((unsigned)said),
		    w.c->nodes[VICTIM].fatal_text);
}

/* Votes for what it will vote on next, as if it had said them before. */
static void plant_votes(void)
{
	for (uint64_t ahead = 0; ahead < 40; ahead++) {
		struct consensus_vote v = { .kind = CONSENSUS_NOTAR, .voter = VICTIM,
			.epoch = w.c->nodes[0].status.epoch,
			.slot = w.c->nodes[0].status.slot + ahead, .hash = { { 1 } } };

		vote_seen(&v);
	}
}

__attribute__((noreturn)) static void verify(void)
{
	uint64_t freed;
	struct ticket t;

	landing = false;
	error_check();
	for (uint32_t i = 0; i < NODES; i++)
		if (w.c->nodes[i].core == NULL && i != VICTIM)
			cluster_start(w.c, i);
	/* Whatever was left in the middle of a step is freed here as well. */
	if (step_error != SR_OK) {
		step_error = SR_OK;
		ended = 1;
		restart_victim();
	}
	/* The scenario may have stopped between a full disk and its end. */
	cluster_event(w.c, VICTIM, &(struct enclave_event){ .kind = ENCLAVE_EV_DISK });
	if (planted == PLANTED_VOTE)
		plant_votes();
	catches_up(ended ? "after a start" : "after a refusal");
	step_error = SR_OK;
	restart_victim();
	catches_up("after another start");
	if (!cluster_run_epoch(w.c, 1, 60000))
		wrong("the vault key was not made");
	/* Other people: what the first ones sent may or may not have come to pass. */
	people();
	put(0);
	retrieve(&t, 0);
	share_check(&t, VICTIM);
	cluster_kill(w.c, VICTIM, true);
	freed = fault_watch_found();
	if (freed != 0)
		wrong("blocks were freed with secrets in them:%s", secrets_named(freed));
	_exit(ended ? 3 : EXIT_SUCCESS);
}

/* --- The sweep --- */

enum sr_error __real_enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event);
enum sr_error __wrap_enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event);

static bool booting(enum enclave_event_kind kind)
{
	return kind == ENCLAVE_EV_BOOT || kind == ENCLAVE_EV_STORE_ROW ||
	    kind == ENCLAVE_EV_LOG_RECORD || kind == ENCLAVE_EV_READY;
}

static enum sr_error step_with_fault(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event, uint64_t nth)
{
	enum fault_how how = always_on || nth % 3 == 0 ? FAULT_ON : FAULT_ONCE;

	mode = AFTER;
	landing = true;
	injected_n = base_now + nth;
	watch_secrets(self);
	fault_arm(&(struct fault){ .calls = FAULT_MEMORY, .nth = nth, .how = how });
	step_error = __real_enclave_step(self, out, event);
	fault_disarm();
	if (!fault_fired())
		wrong("the call did not come: the scenario is not the same");
	return step_error;
}

static const char *ending(int status)
{
	static char words[64];

	if (WIFSIGNALED(status))
		snprintf(words, sizeof words, "signal %d", WTERMSIG(status));
	else
		snprintf(words, sizeof words, "exit %d", WEXITSTATUS(status));
	return words;
}

static void account(int status)
{
	tried++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 3) {
		ended++;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
		refused_n++;
	} else {
		failed_n++;
		printf("FAILED: n = %" PRIu64 " (step %u): %s; again with SR_SEED=%" PRIu64
		    " --only %" PRIu64 "\n", next_n, step_now, ending(status), test_seed(), next_n);
	}
}

/* In time, when there is a limit: what is left is spread over what is left of it. */
static void next_choose(void)
{
	if (budget_s > 0 && tried > 0) {
		double left = started_s + budget_s - now_s();
		double each = (now_s() - started_s) / (double)tried;

		stride = left > each ? (uint64_t)((double)(total_n - next_n) * each / left) + 1 :
		    total_n;
	}
	next_n += stride;
}

static enum sr_error sweep_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event)
{
	uint32_t here = step_now < counts->steps ? counts->step[step_now] : 0;

	while (next_n > base_now && next_n <= base_now + here) {
		int status;
		pid_t pid = 0;

		fflush(NULL);
		/* A single one runs in this process, for a debugger. */
		if (only_n == 0)
			pid = fork();
		if (pid == 0) {
			alarm(CHILD_SECONDS);
			ended = 0;
			return step_with_fault(self, out, event, next_n - base_now);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			abort();
		account(status);
		next_choose();
	}
	base_now += here;
	step_now++;
	return __real_enclave_step(self, out, event);
}

static enum sr_error count_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event)
{
	enum sr_error error;

	if (counts->steps == STEPS_MAX)
		abort();
	fault_arm(&(struct fault){ .calls = FAULT_MEMORY });
	error = __real_enclave_step(self, out, event);
	counts->step[counts->steps++] = (uint32_t)fault_disarm();
	return error;
}

enum sr_error __wrap_enclave_step(struct enclave_core *self, struct enclave_effects *out,
    const struct enclave_event *event)
{
	enum sr_error error;

	/* The effects of the step with the fault have been carried out, a start has come to its
	 * end; this is the next one. */
	if (landing && !booting(event->kind))
		siglongjmp(after_fault, 1);
	if (w.c->nodes[VICTIM].core != self)
		return __real_enclave_step(self, out, event);
	if (mode == COUNTING)
		return count_step(self, out, event);
	if (mode == SWEEPING)
		return sweep_step(self, out, event);
	error = __real_enclave_step(self, out, event);
	if (step_error == SR_OK)
		step_error = error;
	return error;
}

static void world_begin(void)
{
	memset(&w, 0, sizeof w);
	w.c = cluster_new(&(struct cluster_options){ .n = NODES, .seed = test_seed() });
	w.c->quiet = true;
	w.c->hooks = (struct cluster_hooks){ &w, on_effect, on_message };
}

static void count_all(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		mode = COUNTING;
		world_begin();
		scenario();
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "core: the scenario fails without a fault\n");
		exit(EXIT_FAILURE);
	}
}

static enum planted planted_of(const char *name)
{
	static const char *const names[] = { "", "vote", "freed", "error", "block" };

	for (unsigned i = 1; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum planted)i;
	fprintf(stderr, "core: --planted vote, freed, error or block\n");
	exit(2);
}

static void sweep(uint64_t tries)
{
	for (uint32_t i = 0; i < counts->steps; i++)
		total_n += counts->step[i];
	stride = only_n != 0 || tries == 0 || tries > total_n ? 1 : total_n / tries;
	next_n = only_n != 0 ? only_n : 1 + test_seed() % stride;
	started_s = now_s();
	mode = SWEEPING;
	world_begin();
	if (sigsetjmp(after_fault, 0) != 0)
		verify();
	scenario();
	/* In a child whose fault was in the last step of all: nothing followed. */
	if (mode == AFTER)
		verify();
	printf("%" PRIu64 " of %" PRIu64 " allocations failed in turn, SR_SEED=%" PRIu64 ": "
	    "%" PRIu64 " ended the core, %" PRIu64 " it went on from\n", tried, total_n,
	    test_seed(), ended, refused_n);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", tried - failed_n, failed_n);
	cluster_free(w.c);
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "tries", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ "on", no_argument, NULL, 'a' },
		{ "planted", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t tries = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 't': tries = strtoull(optarg, NULL, 10); break;
		case 's': budget_s = strtod(optarg, NULL); break;
		case 'o': only_n = strtoull(optarg, NULL, 10); break;
		case 'a': always_on = true; break;
		case 'p': planted = planted_of(optarg); break;
		default: return 2;
		}
	}
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	    0);
	if (counts == MAP_FAILED || sr_crypto_init() != SR_OK)
		return 2;
	/* Before the first fork: one seed for all. */
	(void)test_seed();
	count_all();
	sweep(tries);
	return failed_n == 0 && tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
