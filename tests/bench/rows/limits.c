/*
 * What this machine can do at best of what a cluster needs, on one core:
 *   bench-limits DIRECTORY RUNS
 * signature checks by the product's own function (also on all cores at once: two that are one
 * core's threads do not make twice as many), copying of 64 MiB that no cache holds, and appends of
 * 512 bytes to a file in DIRECTORY, synced one by one.
 */
#define _GNU_SOURCE /* O_CLOEXEC, MAP_* under strict C */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/crypto.h"
#include "tests/bench/rows/clock.h"

#define COPY_BYTES (64u * 1024u * 1024u)
#define APPEND_BYTES 512u
#define OPERATION_BYTES 200u             /* that is signed */
#define EACH_S 0.5

static uint8_t *from, *to;

static double checks_per_s(void)
{
	static const struct sr_key32 seed = { { 7 } };
	uint8_t message[OPERATION_BYTES] = { 1 };
	struct sr_edsk secret;
	struct sr_edpk key;
	struct sr_sig64 signature;
	unsigned n = 0;
	double start;

	sr_ed25519_keypair(&secret, &key, &seed);
	sr_sign(&signature, &secret, "strongroom op v1", message, sizeof message);
	for (start = clock_s(); clock_s() - start < EACH_S; n++)
		clock_must(sr_verify(&key, &signature, "strongroom op v1", message,
			       sizeof message),
		    "a signature");
	return n / (clock_s() - start);
}

/* A process for each core; the sum. */
static double checks_of_all(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	double sum = 0, one;
	int ends[2];

	clock_must(pipe(ends) == 0 ? SR_OK : SR_ERR_IO, "a pipe");
	fflush(NULL);
	for (long i = 0; i < cores; i++) {
		pid_t pid = fork();

		clock_must(pid >= 0 ? SR_OK : SR_ERR_IO, "a process");
		if (pid > 0)
			continue;
		one = checks_per_s();
		_exit(write(ends[1], &one, sizeof one) != (ssize_t)sizeof one);
	}
	for (long i = 0; i < cores; i++) {
		clock_must(read(ends[0], &one, sizeof one) == (ssize_t)sizeof one ? SR_OK :
			SR_ERR_IO, "a process");
		sum += one;
		(void)wait(NULL);
	}
	close(ends[0]);
	close(ends[1]);
	return sum;
}

static double copy_gb_s(void)
{
	double start = clock_s();
	unsigned n = 0;

	for (; clock_s() - start < EACH_S; n++)
		memcpy(to, from, COPY_BYTES);
	return (double)n * COPY_BYTES / (clock_s() - start) * 1e-9;
}

static double stream_gb_s(void)
{
	double start = clock_s();
	unsigned n = 0;

	for (; clock_s() - start < EACH_S; n++) {
#if defined(__x86_64__)
		for (size_t k = 0; k < COPY_BYTES; k += 16)
			_mm_stream_si128((__m128i *)(void *)(to + k),
			    _mm_load_si128((const __m128i *)(const void *)(from + k)));
		_mm_sfence();
#else
		memcpy(to, from, COPY_BYTES);
#endif
	}
	return (double)n * COPY_BYTES / (clock_s() - start) * 1e-9;
}

static double syncs_per_s(const char *directory)
{
	uint8_t bytes[APPEND_BYTES] = { 1 };
	char path[4096];
	unsigned n = 0;
	double start, took;
	int fd;

	snprintf(path, sizeof path, "%s/sync", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	clock_must(fd >= 0 ? SR_OK : SR_ERR_IO, path);
	for (start = clock_s(); clock_s() - start < EACH_S; n++)
		clock_must(write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes
		    && fdatasync(fd) == 0 ? SR_OK : SR_ERR_IO, path);
	took = clock_s() - start;
	close(fd);
	unlink(path);
	return n / took;
}

static uint8_t *block(void)
{
	uint8_t *p = aligned_alloc(4096, COPY_BYTES);

	clock_must(p != NULL ? SR_OK : SR_ERR_NO_MEMORY, "a block");
	memset(p, 1, COPY_BYTES);
	return p;
}

int main(int argc, char **argv)
{
	double checks[RUNS_MAX], all[RUNS_MAX], copy[RUNS_MAX], stream[RUNS_MAX], syncs[RUNS_MAX];
	unsigned runs = clock_runs(argc == 3 ? argv[2] : NULL);

	clock_must(sr_crypto_init(), "starting");
	from = block();
	to = block();
	for (unsigned i = 0; i < runs; i++) {
		checks[i] = checks_per_s();
		all[i] = checks_of_all();
		copy[i] = copy_gb_s();
		stream[i] = stream_gb_s();
		syncs[i] = syncs_per_s(argv[1]);
	}
	clock_say("verify /s", checks, runs);
	clock_say("verify.cores /s", all, runs);
	clock_say("memcpy GB/s", copy, runs);
	clock_say("stream GB/s", stream, runs);
	clock_say("fdatasync /s", syncs, runs);
	free(from);
	free(to);
	return 0;
}
