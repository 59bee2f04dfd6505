/* Opening what was stored: those of the list that a seed chooses. */
#include "tests/load/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/payload.h"
#include "cli/retrieve.h"

struct opening { const char *list; uint32_t workers, count, lines; bool *chosen; };

static bool opens(struct worker *w, uint32_t owner, uint64_t number, const char *id, char *path)
{
	struct retrieval r = { .nft_id = 0 };
	struct key *key = load_key(owner);
	static uint8_t want[VALUE_BYTES_MAX], have[VALUE_BYTES_MAX + 1];
	uint64_t bytes = 0;
	bool good = false;
	ssize_t n;
	int fd;

	load_begin(w);
	if (sr_hex_decode(r.id.b, sizeof r.id.b, id, strlen(id)) == SR_OK
	    && retrieve_run(w->c, key, &r) == CLI_DONE
	    && payload_fetch(w->c, &r.record.payload, &r.dek, path, &bytes) == CLI_DONE) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd >= 0 ? read(fd, have, sizeof have) : -1;
		if (n >= (ssize_t)VALUE_BYTES_MIN && n <= (ssize_t)sizeof want) {
			load_value(want, (size_t)n, owner, number);
			good = memcmp(have, want, (size_t)n) == 0;
		}
		if (fd >= 0)
			close(fd);
	}
	retrieve_close(w->c, key, &r);
	retrieve_clear(&r);
	key_free(key);
	return good;
}

/* An NFT has one open ticket at a time: an account's secrets are all one worker's. */
static bool open_all(struct worker *w, void *ctx)
{
	const struct opening *o = ctx;
	char path[64], id[33], text[96];
	uint64_t number;
	unsigned owner;
	FILE *f = fopen(o->list, "re");

	if (f == NULL)
		load_die("the list can't be read");
	snprintf(path, sizeof path, "/tmp/strongroom-load-%ld", (long)getpid());
	for (uint32_t i = 0; fscanf(f, "%u %" SCNu64 " %32s", &owner, &number, id) == 3; i++) {
		bool good;

		if (!o->chosen[i] || owner % o->workers != w->number)
			continue;
		good = opens(w, owner, number, id, path);
		load_line(w, text,
		    snprintf(text, sizeof text, "%s %s\n", good ? "good" : "wrong", id));
	}
	fclose(f);
	unlink(path);
	return true;
}

static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Each line with the same chance: so many are still wanted of so many that are left. */
static void choose(struct opening *o, uint64_t seed)
{
	uint32_t wanted = o->count < o->lines ? o->count : o->lines;

	for (uint32_t i = 0; i < o->lines; i++) {
		o->chosen[i] = random_next(&seed) % (o->lines - i) < wanted;
		wanted -= o->chosen[i];
	}
}

static int opened_count(const char *path)
{
	char word[16], id[33];
	unsigned good = 0, wrong = 0;
	FILE *f = fopen(path, "re");

	while (f != NULL && fscanf(f, "%15s %32s", word, id) == 2) {
		good += strcmp(word, "good") == 0;
		wrong += strcmp(word, "good") != 0;
	}
	if (f != NULL)
		fclose(f);
	printf("%u opened, %u wrong\n", good, wrong);
	return wrong == 0 && good > 0 ? 0 : 1;
}

int load_open(const char *cluster, const char *list, uint32_t workers, uint32_t count,
    uint64_t seed)
{
	struct opening o = { .list = list, .workers = workers, .count = count,
		.lines = load_lines(list) };
	char path[CLI_PATH_MAX];
	int rc;

	o.chosen = calloc(o.lines + 1, sizeof *o.chosen);
	if (o.chosen == NULL)
		load_die("memory");
	choose(&o, seed);
	snprintf(path, sizeof path, "%.4000s.opened", list);
	unlink(path);
	rc = load_workers(cluster, path, workers, open_all, NULL, &o);
	free(o.chosen);
	return opened_count(path) != 0 || rc != 0;
}
