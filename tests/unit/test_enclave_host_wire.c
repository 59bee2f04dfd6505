/* Frames between host and enclave: round trips, and nothing but the one encoding. */
#include <stdlib.h>
#include <string.h>

#include "enclave/host_wire.h"
#include "tests/lib/check_main.h"
#include "tests/lib/sweep.h"

static enum sr_error recode_event(struct sr_writer *again, struct sr_bytes b)
{
	struct enclave_event ev;
	struct sr_reader r;

	/* The sweep sees whole frames: the length is checked here as the shell does it. */
	sr_reader_init(&r, b.p, b.n);
	if (sr_read_u32(&r) != r.left || r.error != SR_OK)
		return SR_ERR_BAD_ENCODING;
	SR_TRY(host_wire_event_read(&ev, r.p, r.left));
	host_wire_event_write(again, &ev);
	return again->error;
}

static enum sr_error recode_effect(struct sr_writer *again, struct sr_bytes b)
{
	struct enclave_effect fx;
	struct sr_reader r;

	sr_reader_init(&r, b.p, b.n);
	if (sr_read_u32(&r) != r.left || r.error != SR_OK)
		return SR_ERR_BAD_ENCODING;
	SR_TRY(host_wire_effect_read(&fx, r.p, r.left));
	host_wire_effect_write(again, &fx);
	return again->error;
}

static enum sr_error recode_status(struct sr_writer *again, struct sr_bytes b)
{
	struct enclave_status s;
	struct sr_reader r;

	sr_reader_init(&r, b.p, b.n);
	enclave_status_read(&s, &r);
	SR_TRY(sr_reader_finish(&r));
	enclave_status_write(again, &s);
	return again->error;
}

START_TEST(every_event_has_one_encoding)
{
	for (unsigned kind = ENCLAVE_EV_BOOT; kind <= ENCLAVE_EV_EVIDENCE; kind++) {
		struct enclave_event ev = { .kind = (enum enclave_event_kind)kind, .now_ms = 77,
			.token = 5, .number = 6, .member = 7, .a = { (const uint8_t *)"abc", 3 },
			.b = { (const uint8_t *)"defgh", 5 } };
		struct sr_writer w;

		sr_writer_init(&w, 4096);
		host_wire_event_write(&w, &ev);
		ck_ok(sr_writer_finish(&w));
		ck_assert_uint_eq(test_sweep("event", recode_event,
		    (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(every_effect_has_one_encoding)
{
	for (unsigned kind = ENCLAVE_FX_PERSIST; kind <= ENCLAVE_FX_EVIDENCE; kind++) {
		struct enclave_effect fx = { .kind = (enum enclave_effect_kind)kind, .token = 5,
			.number = 6, .member = 7, .a = { (const uint8_t *)"abc", 3 } };
		struct sr_writer w;

		sr_writer_init(&w, 4096);
		host_wire_effect_write(&w, &fx);
		ck_ok(sr_writer_finish(&w));
		ck_assert_uint_eq(test_sweep("effect", recode_effect,
		    (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(kinds_that_do_not_exist_are_refused)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TICK };
	struct enclave_effect fx = { .kind = ENCLAVE_FX_WAKE };
	struct sr_writer w;

	sr_writer_init(&w, 4096);
	host_wire_event_write(&w, &ev);
	w.p[4] = 0;
	ck_error(host_wire_event_read(&ev, w.p + 4, w.n - 4), SR_ERR_BAD_KIND);
	w.p[4] = ENCLAVE_EV_STATE + 1;
	ck_error(host_wire_event_read(&ev, w.p + 4, w.n - 4), SR_ERR_BAD_KIND);
	sr_writer_reset(&w);
	host_wire_effect_write(&w, &fx);
	w.p[4] = 0;
	ck_error(host_wire_effect_read(&fx, w.p + 4, w.n - 4), SR_ERR_BAD_KIND);
	w.p[4] = ENCLAVE_FX_STATE_READ + 1;
	ck_error(host_wire_effect_read(&fx, w.p + 4, w.n - 4), SR_ERR_BAD_KIND);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(the_largest_frame_fits_and_one_byte_more_does_not)
{
	size_t fixed = 1 + 8 + 8 + 4 + 4 + 4, most = HOST_FRAME_MAX - fixed;
	uint8_t *bytes = calloc(most + 1, 1);
	struct enclave_effect fx = { .kind = ENCLAVE_FX_SEND, .a = { bytes, most } }, back;
	struct sr_writer w;

	ck_assert_ptr_nonnull(bytes);
	sr_writer_init(&w, 2 * HOST_FRAME_MAX);
	host_wire_effect_write(&w, &fx);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(w.n, HOST_FRAME_MAX + 4u);
	ck_ok(host_wire_effect_read(&back, w.p + 4, w.n - 4));
	ck_assert_uint_eq(back.a.n, most);
	sr_writer_reset(&w);
	fx.a.n++;
	host_wire_effect_write(&w, &fx);
	ck_error(sr_writer_finish(&w), SR_ERR_TOO_LONG);
	sr_writer_clear(&w);
	free(bytes);
}
END_TEST

START_TEST(a_status_has_one_encoding)
{
	struct enclave_status s = { .epoch = 3, .members_n = 4, .threshold = 3,
		.vault_ready = true };
	struct sr_writer w;

	s.members[2].connected = true;
	s.members[2].seat = 17;
	s.members[1].name_n = SR_NAME_MAX;
	memset(s.members[1].name, 'n', SR_NAME_MAX);
	s.members[3].final_height = 99;
	sr_writer_init(&w, 65536);
	enclave_status_write(&w, &s);
	ck_ok(sr_writer_finish(&w));
	ck_assert_uint_eq(test_sweep("status", recode_status, (struct sr_bytes){ w.p, w.n }), 0);
	sr_writer_clear(&w);
	s.members_n = SR_MEMBERS_MAX + 1;
	sr_writer_init(&w, 65536);
	enclave_status_write(&w, &s);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(nothing_may_follow_a_frame_s_fields)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TICK }, ev_back;
	struct enclave_effect fx = { .kind = ENCLAVE_FX_WAKE }, fx_back;
	struct sr_writer w;

	sr_writer_init(&w, 1000);
	host_wire_event_write(&w, &ev);
	sr_write_u8(&w, 0);
	ck_error(host_wire_event_read(&ev_back, w.p + 4, w.n - 4), SR_ERR_TRAILING_BYTES);
	sr_writer_reset(&w);
	host_wire_effect_write(&w, &fx);
	sr_write_u8(&w, 0);
	ck_error(host_wire_effect_read(&fx_back, w.p + 4, w.n - 4), SR_ERR_TRAILING_BYTES);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_status_lists_a_hundred_members_and_no_more)
{
	const size_t at = 1 + 4 * 32 + 6 * 8 + 3 * 4; /* members_n */
	struct enclave_status s = { .members_n = SR_MEMBERS_MAX }, *back = malloc(sizeof(*back));
	struct sr_reader r;
	struct sr_writer w;

	ck_assert_ptr_nonnull(back);
	sr_writer_init(&w, 65536);
	enclave_status_write(&w, &s);
	sr_reader_init(&r, w.p, w.n);
	enclave_status_read(back, &r);
	ck_ok(sr_reader_finish(&r));
	for (unsigned i = 0; i < 21; i++)
		sr_write_u8(&w, 0);
	ck_ok(w.error);
	w.p[at]++;
	sr_reader_init(&r, w.p, w.n);
	enclave_status_read(back, &r);
	ck_error(sr_reader_finish(&r), SR_ERR_OUT_OF_RANGE);
	sr_writer_clear(&w);
	free(back);
}
END_TEST

TEST_MAIN("enclave host_wire", every_event_has_one_encoding, every_effect_has_one_encoding,
    kinds_that_do_not_exist_are_refused, the_largest_frame_fits_and_one_byte_more_does_not,
    a_status_has_one_encoding,
    nothing_may_follow_a_frame_s_fields,
    a_status_lists_a_hundred_members_and_no_more)
