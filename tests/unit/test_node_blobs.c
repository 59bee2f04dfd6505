#include "node/blobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

#define MIB (1024u * 1024u)

static struct blobs *open_blobs(uint64_t quota)
{
	struct blobs *blobs = NULL;

	ck_ok(blobs_open(&blobs, scratch_dir(), quota, 100, 0));
	return blobs;
}

/* Piece number i of n bytes. */
static struct sr_hash32 piece(uint8_t *p, size_t n, uint8_t i)
{
	memset(p, i, n);
	return sr_hash(p, n);
}

static enum sr_error store(struct blobs *blobs, size_t n, uint8_t i, struct sr_hash32 *hash)
{
	uint8_t *p = malloc(n);
	struct blob_put *put;
	enum sr_error err;

	*hash = piece(p, n, i);
	err = blobs_put_begin(&put, blobs, hash, n);
	for (size_t at = 0; err == SR_OK && at < n; at += 1000) {
		err = blobs_put_write(put, p + at, n - at < 1000 ? n - at : 1000);
		ck_ok(err);
	}
	if (err == SR_OK)
		err = blobs_put_finish(put);
	free(p);
	return err;
}

static bool there(struct blobs *blobs, const struct sr_hash32 *hash)
{
	uint64_t n;
	int fd;
	enum sr_error err = blobs_get(&fd, &n, blobs, hash);

	if (err != SR_OK) {
		ck_error(err, SR_ERR_NOT_FOUND);
		return false;
	}
	close(fd);
	return true;
}

static struct blobs_figures figures(struct blobs *blobs)
{
	struct blobs_figures f;

	blobs_figures(&f, blobs);
	return f;
}

static enum sr_error keep(struct blobs *blobs, const struct sr_hash32 *hash)
{
	return blobs_keep(blobs, NULL, hash, (struct sr_bytes){ NULL, 0 });
}

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

START_TEST(a_piece_comes_back_as_it_was_and_survives_a_restart)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	struct sr_hash32 hash;
	uint8_t back[50000], want[50000];
	uint64_t n;
	int fd;

	ck_ok(store(blobs, 50000, 7, &hash));
	ck_error(store(blobs, 50000, 7, &hash), SR_ERR_DUPLICATE);
	blobs_close(blobs);
	blobs = open_blobs(10 * MIB);
	ck_ok(blobs_get(&fd, &n, blobs, &hash));
	ck_assert_uint_eq(n, 50000);
	ck_assert_int_eq(read(fd, back, sizeof back), 50000);
	piece(want, sizeof want, 7);
	ck_assert_mem_eq(back, want, sizeof back);
	close(fd);
	ck_assert_uint_eq(figures(blobs).loose_bytes, 50000);
	hash.b[0] ^= 1;
	ck_assert(!there(blobs, &hash));
	blobs_close(blobs);
}
END_TEST

START_TEST(a_piece_with_another_hash_or_length_leaves_nothing_behind)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	struct blob_put *put;
	uint8_t p[1000];
	struct sr_hash32 hash = piece(p, sizeof p, 1);

	ck_ok(blobs_put_begin(&put, blobs, &hash, sizeof p));
	p[999] ^= 1;
	ck_ok(blobs_put_write(put, p, sizeof p));
	ck_error(blobs_put_finish(put), SR_ERR_BAD_HASH);
	p[999] ^= 1;
	ck_ok(blobs_put_begin(&put, blobs, &hash, sizeof p));
	ck_ok(blobs_put_write(put, p, sizeof p - 1));
	ck_error(blobs_put_finish(put), SR_ERR_TRUNCATED);
	ck_ok(blobs_put_begin(&put, blobs, &hash, sizeof p));
	ck_ok(blobs_put_write(put, p, sizeof p));
	ck_error(blobs_put_write(put, p, 1), SR_ERR_TOO_LONG);
	blobs_put_abort(put);
	ck_assert(!there(blobs, &hash));
	ck_assert_uint_eq(figures(blobs).coming, 0);
	ck_assert_uint_eq(figures(blobs).bytes, 0);
	ck_error(blobs_put_begin(&put, blobs, &hash, 0), SR_ERR_EMPTY);
	ck_error(blobs_put_begin(&put, blobs, &hash, BLOBS_PIECE_MAX + 1), SR_ERR_TOO_LONG);
	blobs_close(blobs);
}
END_TEST

/* Each is a file, and a secret may name pieces that nobody has. */
START_TEST(no_more_is_wanted_than_is_allowed)
{
	struct sr_bytes nothing = { NULL, 0 };
	struct blobs *blobs = open_blobs(10 * MIB);
	struct sr_hash32 last = { { 0xff, 1 } }, more = { { 0xff, 2 } };
	char path[200];

	blobs_close(blobs);
	for (unsigned i = 1; i < BLOBS_WANTED_MAX; i++) {
		snprintf(path, sizeof path, "blobs/wanted/%064x", i);
		scratch_write(scratch_path(path), "", 0);
	}
	blobs = open_blobs(10 * MIB);
	ck_assert_uint_eq(figures(blobs).wanted, BLOBS_WANTED_MAX - 1);
	ck_ok(blobs_keep(blobs, NULL, &last, nothing));
	ck_error(blobs_keep(blobs, NULL, &more, nothing), SR_ERR_TOO_MANY);
	ck_ok(blobs_keep(blobs, NULL, &last, nothing));
	ck_ok(blobs_drop(blobs, &last));
	ck_ok(blobs_keep(blobs, NULL, &more, nothing));
	ck_assert_uint_eq(figures(blobs).wanted, BLOBS_WANTED_MAX);
	blobs_close(blobs);
}
END_TEST

static bool on_wanted(void *ctx, const struct sr_hash32 *hash, struct sr_bytes about)
{
	struct sr_hash32 *seen = ctx;

	ck_assert_uint_eq(about.n, 3);
	ck_assert_mem_eq(about.p, "of!", 3);
	*seen = *hash;
	return true;
}

START_TEST(what_is_missing_is_told_with_what_it_is_about)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	struct sr_bytes about = { (const uint8_t *)"of!", 3 }, nothing = { NULL, 0 };
	struct sr_hash32 here, away = { { 1 } }, seen = { { 0 } };
	bool missing = true;

	ck_ok(store(blobs, 1000, 1, &here));
	ck_ok(blobs_keep(blobs, &missing, &here, about));
	ck_assert(!missing);
	ck_ok(blobs_keep(blobs, &missing, &away, nothing));
	ck_assert(missing);
	ck_ok(blobs_keep(blobs, &missing, &away, about)); /* now it is known what it is about */
	ck_ok(blobs_keep(blobs, &missing, &away, nothing));
	ck_assert_uint_eq(figures(blobs).wanted, 1);
	blobs_wanted(blobs, 100, on_wanted, &seen);     /* not so soon */
	ck_assert_uint_eq(seen.b[0], 0);
	blobs_wanted(blobs, 0, on_wanted, &seen);
	ck_assert(sr_hash32_equal(&seen, &away));
	blobs_close(blobs);
	blobs = open_blobs(10 * MIB);
	ck_assert_uint_eq(figures(blobs).wanted, 1);
	ck_ok(blobs_drop(blobs, &away));
	ck_ok(blobs_drop(blobs, &away));
	ck_assert_uint_eq(figures(blobs).wanted, 0);
	blobs_close(blobs);
}
END_TEST

START_TEST(what_nothing_needs_expires_and_what_is_needed_stays)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	struct sr_hash32 loose, kept, dropped;

	ck_ok(store(blobs, 1000, 1, &loose));
	ck_ok(store(blobs, 1000, 2, &kept));
	ck_ok(store(blobs, 1000, 3, &dropped));
	ck_ok(keep(blobs, &kept));
	ck_ok(keep(blobs, &kept));         /* said again after a restart */
	ck_ok(keep(blobs, &dropped));
	blobs_expire(blobs, now_s() + 50);
	ck_assert(there(blobs, &loose));
	blobs_expire(blobs, now_s() + 200);
	ck_assert(!there(blobs, &loose));
	ck_assert(there(blobs, &kept));
	ck_ok(blobs_drop(blobs, &dropped));
	ck_ok(blobs_drop(blobs, &dropped));
	ck_assert(!there(blobs, &dropped));
	ck_assert_uint_eq(figures(blobs).files, 1);
	ck_assert_uint_eq(figures(blobs).bytes, 1000);
	ck_assert_uint_eq(figures(blobs).loose_files, 0);
	ck_assert_uint_eq(figures(blobs).expired, 1);
	blobs_close(blobs);
}
END_TEST

START_TEST(a_piece_that_is_needed_before_it_comes_is_kept_when_it_comes)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	uint8_t p[1000];
	struct sr_hash32 hash = piece(p, sizeof p, 1), again;

	ck_ok(keep(blobs, &hash));
	blobs_close(blobs);
	blobs = open_blobs(10 * MIB);
	ck_assert(!there(blobs, &hash));
	ck_ok(store(blobs, 1000, 1, &again));
	ck_assert_uint_eq(figures(blobs).loose_files, 0);
	blobs_expire(blobs, now_s() + 1000);
	ck_assert(there(blobs, &hash));
	blobs_close(blobs);
}
END_TEST

START_TEST(the_quota_holds_and_strangers_get_half_of_it)
{
	struct blobs *blobs = open_blobs(10 * MIB);
	struct sr_hash32 hash, wanted;
	uint8_t *p = malloc(4 * MIB);

	ck_ok(store(blobs, 4 * MIB, 1, &hash));
	ck_error(store(blobs, 4 * MIB, 2, &hash), SR_ERR_DISK_FULL);
	ck_ok(store(blobs, 1 * MIB, 3, &hash));
	wanted = piece(p, 4 * MIB, 4);
	ck_ok(keep(blobs, &wanted));
	ck_ok(store(blobs, 4 * MIB, 4, &hash));
	wanted = piece(p, 2 * MIB, 5);
	ck_ok(keep(blobs, &wanted));
	ck_error(store(blobs, 2 * MIB, 5, &hash), SR_ERR_DISK_FULL);
	ck_assert_uint_eq(figures(blobs).refused, 2);
	ck_assert_uint_eq(figures(blobs).bytes, 9 * MIB);
	free(p);
	blobs_close(blobs);
}
END_TEST

/* What uploads have been promised counts as if it were there. */
START_TEST(uploads_at_once_share_the_quota_and_have_a_limit)
{
	struct blobs *blobs = open_blobs(1000ull * MIB);
	struct blob_put *puts[BLOBS_COMING_MAX + 1];
	struct sr_hash32 hash = { { 0 } };

	for (uint32_t i = 0; i < BLOBS_COMING_MAX; i++) {
		hash.b[0] = (uint8_t)(i + 1);
		ck_ok(blobs_put_begin(&puts[i], blobs, &hash, MIB));
	}
	hash.b[1] = 1;
	ck_error(blobs_put_begin(&puts[BLOBS_COMING_MAX], blobs, &hash, MIB), SR_ERR_TOO_MANY);
	for (uint32_t i = 1; i < BLOBS_COMING_MAX; i++)
		blobs_put_abort(puts[i]);
	ck_error(blobs_put_begin(&puts[1], blobs, &hash, 500ull * MIB), SR_ERR_DISK_FULL);
	ck_ok(blobs_put_begin(&puts[1], blobs, &hash, 499ull * MIB));
	blobs_put_abort(puts[0]);
	blobs_put_abort(puts[1]);
	blobs_close(blobs);
}
END_TEST

START_TEST(half_an_upload_of_a_process_that_died_is_removed)
{
	struct blobs *blobs = open_blobs(10 * MIB);

	blobs_close(blobs);
	scratch_write(scratch_path("blobs/coming/17"), "half", 4);
	blobs = open_blobs(10 * MIB);
	ck_assert_int_ne(access(scratch_path("blobs/coming/17"), F_OK), 0);
	blobs_close(blobs);
}
END_TEST

TEST_MAIN("node_blobs", a_piece_comes_back_as_it_was_and_survives_a_restart,
    a_piece_with_another_hash_or_length_leaves_nothing_behind,
    no_more_is_wanted_than_is_allowed,
    what_is_missing_is_told_with_what_it_is_about,
    what_nothing_needs_expires_and_what_is_needed_stays,
    a_piece_that_is_needed_before_it_comes_is_kept_when_it_comes,
    the_quota_holds_and_strangers_get_half_of_it,
    uploads_at_once_share_the_quota_and_have_a_limit,
    half_an_upload_of_a_process_that_died_is_removed)
