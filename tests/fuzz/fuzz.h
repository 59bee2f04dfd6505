/*
 * tests/fuzz/fuzz.h - what fuzz targets share. A target is one function over bytes that someone
 * else made; it must neither crash nor break what FUZZ_CHECK states. The same object files run
 * under libFuzzer (`make fuzz`) and over the stored corpora (`make check-fuzz`).
 */
#ifndef SR_TESTS_FUZZ_FUZZ_H
#define SR_TESTS_FUZZ_FUZZ_H

#include "base/buf.h"
#include "base/drbg.h"

/* The table of targets: the planted faults have one of their own. */
#ifndef FUZZ_TARGETS
#define FUZZ_TARGETS "tests/fuzz/targets.def"
#endif

/*
 * Of each target: fuzz_NAME comes back or aborts; seed_NAME hands the first inputs, made by the
 * product's own encoders, to fuzz_seed.
 */
#define FUZZ(name, max_n, weight, covers)                                                          \
	void fuzz_##name(const uint8_t *p, size_t n);                                              \
	void seed_##name(void);
#include FUZZ_TARGETS
#undef FUZZ

struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *p, size_t n);
	void (*seed)(void);
	size_t max_n;
	unsigned weight;
	const char *covers;
};

extern const struct fuzz_target fuzz_targets[];      /* ends with a NULL name */
/* NULL when there is none of that name. */
const struct fuzz_target *fuzz_target_find(const char *name);
/* Once a process, before the first input. */
void fuzz_start(void);

#define FUZZ_CHECK(cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fuzz_broken(__FILE__, __LINE__, #cond);                                    \
	} while (0)
__attribute__((noreturn)) void fuzz_broken(const char *file, int line, const char *cond);

/* One input of the target whose seeds are being made; further ones of a label are numbered. */
void fuzz_seed(const char *label, const uint8_t *p, size_t n);
/* The same with a byte in front, for targets whose first byte chooses. Clears the writer. */
void fuzz_seed_of(uint8_t choice, const char *label, struct sr_writer *w);
/* Makes corpus/NAME/seed-LABEL-NUMBER of every target (or the one), after removing the old ones. */
void fuzz_seeds_make(const char *corpus, const char *only);

/* What was decoded from bytes must be written as the same bytes. Clears the writer. */
void fuzz_same(struct sr_writer *w, const uint8_t *p, size_t n);
/*
 * Reads a value from r and, unless that failed, writes it to w. fuzz_canonical: what is read of all
 * n bytes must be written as the same bytes.
 */
typedef void fuzz_recode(struct sr_writer *w, struct sr_reader *r);
void fuzz_canonical(fuzz_recode *recode, const uint8_t *p, size_t n);
/* A recoder of a type with a reader of (value, reader) and a writer of (writer, value). */
#define FUZZ_RECODE(name, type, read, write)                                                       \
	static void name(struct sr_writer *w, struct sr_reader *r)                                 \
	{                                                                                          \
		type v;                                                                            \
		read(&v, r);                                                                       \
		if (r->error == SR_OK)                                                             \
			write(w, &v);                                                              \
	}
/* A length from the input, at most max; for structure-aware targets. */
size_t fuzz_below(struct sr_reader *r, size_t max);
/* Up to max of the bytes that are left, from their own heap block: an overread is seen. */
uint8_t *fuzz_take(struct sr_reader *r, size_t *n, size_t max);
/* The generator of structure-aware targets: always the same. */
void fuzz_drbg(struct sr_drbg *out, uint8_t which);

#endif
