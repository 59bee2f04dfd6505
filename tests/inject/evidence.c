/*
 * The n-th allocation fails while evidence is verified. The evidence is the unit test's, of all
 * kinds, genuine and not: its calls come here first. For each n a process of its own, since some
 * libraries end the program; what it says is the right answer or a shortage, never another verdict.
 *
 *   INJECT_TRIES=N evidence      so many n of each piece of evidence; 0: all
 *   INJECT_PLANTED=1 evidence    a shortage is taken for a verdict
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, register names */
#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "attest/evidence.h"
#include "tests/inject/fault.h"

#define CHILD_SECONDS 30u
#define SPARE_BYTES (1024u * 1024u)
#define SAMPLES_MAX 64u
#define CRASHERS_MAX 16u

enum sr_error __real_attest_evidence_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s);
enum sr_error __wrap_attest_evidence_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s);

struct question {
	struct sr_bytes evidence;
	const struct attest_trust *trust;
	uint64_t time_s;
	enum sr_error answer;
	struct attest_facts facts;
};

/* What a child leaves behind. */
struct outcome {
	bool fired, ours;                    /* ours: the crash is in this program's own code */
	char from[64];                       /* whose allocation it was */
	struct attest_facts facts;
};

static struct outcome *left;
static uint64_t tried, failed, skipped, tries = 12;
static bool planted;
static struct { uint8_t kind; enum sr_error answer; } samples[SAMPLES_MAX];
static size_t samples_n;
static struct { char name[64]; uint64_t n; } crashers[CRASHERS_MAX];
static size_t crashers_n;

__attribute__((constructor)) static void setup(void)
{
	const char *text = getenv("INJECT_TRIES");
	const struct rlimit none = { 0, 0 };

	setenv("CK_FORK", "no", 1);          /* one count, and no clock */
	(void)!setrlimit(RLIMIT_CORE, &none);
	if (text != NULL)
		tries = strtoull(text, NULL, 10);
	planted = getenv("INJECT_PLANTED") != NULL;
	left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (left == MAP_FAILED)
		abort();
}

__attribute__((destructor)) static void tell(void)
{
	for (size_t i = 0; i < crashers_n; i++)
		printf("SKIPPED: %s ends the program when it gets no memory: %" PRIu64 " times\n",
		    crashers[i].name, crashers[i].n);
	printf("%zu answers of the verifier under a lack of memory\n", samples_n);
	printf("%" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " skipped\n", tried - failed,
	    failed, skipped);
	fflush(stdout);
	if (failed > 0 || tried == 0)
		_exit(EXIT_FAILURE);
}

/* --- A child --- */

static void on_crash(int number, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	const void *at = (const void *)(uintptr_t)c->uc_mcontext.gregs[REG_RIP];
	Dl_info here, there;

	(void)info;
	/* An abort is in the C library, whoever called it; who had no memory is known. */
	left->ours = number != SIGABRT && dladdr(at, &there) != 0 &&
	    dladdr((const void *)(uintptr_t)setup, &here) != 0 &&
	    there.dli_fbase == here.dli_fbase;
	left->fired = fault_fired();
	snprintf(left->from, sizeof left->from, "%s", fault_fired_from());
	_exit(200);
}

static void child(const struct question *q, const struct fault *fault)
{
	struct sigaction crash = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO };
	enum sr_error err;

	sigaction(SIGSEGV, &crash, NULL);
	sigaction(SIGBUS, &crash, NULL);
	sigaction(SIGABRT, &crash, NULL);
	alarm(CHILD_SECONDS);
	if (freopen("/dev/null", "w", stderr) == NULL)  /* what libraries say of it */
		_exit(201);
	fault_arm(fault);
	err = __real_attest_evidence_verify(&left->facts, q->evidence, q->trust, q->time_s);
	fault_disarm();
	left->fired = fault_fired();
	if (sr_error_is_shortage(err))
		_exit(planted ? 3 : 1);
	if (fault->at_least > 0)
		_exit(4);
	if (err == q->answer && memcmp(&left->facts, &q->facts, sizeof q->facts) == 0)
		_exit(0);
	_exit(err == SR_OK ? 2 : 3);
}

/* --- All of them --- */

static void crash_count(const char *name)
{
	size_t i = 0;

	while (i < crashers_n && strcmp(crashers[i].name, name) != 0)
		i++;
	if (i == CRASHERS_MAX)
		return;
	if (i == crashers_n)
		snprintf(crashers[crashers_n++].name, sizeof crashers[i].name, "%s", name);
	crashers[i].n++;
	skipped++;
}

/* A library's crash of its own is not ours to mend. */
static bool crash_is_theirs(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 200 && left->fired && !left->ours &&
	    strncmp(left->from, "lib", 3) == 0 && strncmp(left->from, "libc.", 5) != 0;
}

static void try_one(const struct question *q, uint64_t n, enum fault_how how, size_t at_least)
{
	static const char *const said[] = { "", "", "other facts, or genuine", "another verdict",
		"a verdict with no memory to spare" };
	struct fault fault = { .calls = FAULT_BIT(FAULT_MALLOC), .nth = n, .how = how,
		.at_least = at_least };
	int status;
	pid_t pid;

	memset(left, 0, sizeof *left);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(q, &fault);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (crash_is_theirs(status)) {
		crash_count(left->from);
		return;
	}
	tried++;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return;
	failed++;
	printf("FAILED: evidence of kind %u, rightly %s, allocation %" PRIu64 " %s: %s\n",
	    q->evidence.p[0], sr_error_name((unsigned)q->answer), n,
	    how == FAULT_ON ? "and all later ones" : "alone",
	    WIFEXITED(status) && WEXITSTATUS(status) <= 4 ? said[WEXITSTATUS(status)] : "a crash");
}

static void sweep(const struct question *q, uint64_t allocations)
{
	uint64_t step = tries == 0 || allocations < tries ? 1 : allocations / tries;

	for (uint64_t n = 1; n <= allocations; n += step) {
		try_one(q, n, FAULT_ONCE, 0);
		try_one(q, n, FAULT_ON, 0);
	}
	/* What was refused for want of memory may find enough for the same again. */
	if (q->answer != SR_OK && allocations > 0)
		try_one(q, 1, FAULT_ON, SPARE_BYTES);
}

/* Once for each kind and answer. */
static bool sample_new(const struct question *q)
{
	uint8_t kind = q->evidence.n > 0 ? q->evidence.p[0] : 0;

	for (size_t i = 0; i < samples_n; i++)
		if (samples[i].kind == kind && samples[i].answer == q->answer)
			return false;
	if (kind == 0 || samples_n == SAMPLES_MAX)
		return false;
	samples[samples_n].kind = kind;
	samples[samples_n++].answer = q->answer;
	return true;
}

enum sr_error __wrap_attest_evidence_verify(struct attest_facts *facts, struct sr_bytes evidence,
    const struct attest_trust *trust, uint64_t time_s)
{
	const struct fault count = { .calls = FAULT_BIT(FAULT_MALLOC) };
	struct question q = { .evidence = evidence, .trust = trust, .time_s = time_s };
	uint64_t allocations;

	fault_arm(&count);
	q.answer = __real_attest_evidence_verify(facts, evidence, trust, time_s);
	allocations = fault_disarm();
	q.facts = *facts;
	if (sample_new(&q))
		sweep(&q, allocations);
	return q.answer;
}
