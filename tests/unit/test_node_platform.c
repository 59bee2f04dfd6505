/* The host asks its machine: in a thread of its own, one question after the other. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/evidence_blob.h"
#include "node/platform.h"
#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

static int wake_fd;

static struct node_platform *begin(const struct platform_options *o)
{
	struct node_platform *p;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(wake_fd, 0);
	ck_ok(node_platform_new(&p, o, wake_fd));
	return p;
}

static struct node_platform_answer next(struct node_platform *p)
{
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };
	struct node_platform_answer a;
	uint64_t n;

	while (!node_platform_take(p, &a)) {
		ck_assert_int_eq(poll(&fd, 1, 20000), 1);
		ck_assert_int_eq(read(wake_fd, &n, sizeof n), sizeof n);
	}
	return a;
}

/* Gramine's tree, whose quote comes when somebody writes it. */
static struct platform_options tree_make(void)
{
	static char root[512], folder[512];
	struct platform_options o = { .kind = PLATFORM_GRAMINE, .root = root,
		.collateral = folder };

	snprintf(root, sizeof root, "%s", scratch_path("attestation"));
	snprintf(folder, sizeof folder, "%s", scratch_path("collateral"));
	mkdir(o.root, 0700);
	mkdir(o.collateral, 0700);
	scratch_write(scratch_path("attestation/attestation_type"), "dcap", 4);
	scratch_write(scratch_path("attestation/user_report_data"), "", 0);
	scratch_write(scratch_path("collateral/tcb-info.json"), "tcb", 3);
	scratch_write(scratch_path("collateral/qe-identity.json"), "qe", 2);
	scratch_write(scratch_path("collateral/pck-crl.der"), "pck", 3);
	scratch_write(scratch_path("collateral/root-crl.der"), "root", 4);
	ck_assert_int_eq(mkfifo(scratch_path("attestation/quote"), 0600), 0);
	return o;
}

/* Opens once somebody reads. */
static int quote_awaited(void)
{
	uint64_t until = scratch_now_ms() + 60000;
	int fd;

	while (
	    (fd = open(scratch_path("attestation/quote"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
		ck_assert_int_eq(errno, ENXIO);
		ck_assert_uint_lt(scratch_now_ms(), until);
		scratch_moment();
	}
	return fd;
}

static void quote_write(int fd)
{
	ck_assert_int_eq(write(fd, "quote", 5), 5);
	close(fd);
}

START_TEST(a_running_software_node_gives_no_evidence)
{
	struct platform_options o = { .kind = PLATFORM_SOFTWARE };
	struct node_platform *p = begin(&o);
	uint8_t report_data[64] = { 1 };
	struct node_platform_answer a;

	node_platform_ask(p, 7, report_data);
	a = next(p);
	ck_assert_uint_eq(a.token, 7);
	ck_error(a.error, SR_ERR_NOT_SUPPORTED);
	ck_assert_ptr_null(a.evidence);
	ck_assert(!node_platform_take(p, &a));
	node_platform_free(p);
}
END_TEST

START_TEST(questions_are_answered_in_order_and_too_many_are_refused)
{
	struct platform_options o = tree_make();
	struct node_platform *p = begin(&o);
	uint8_t report_data[64], *written;
	struct node_platform_answer a;
	struct attest_evidence e;
	size_t n;
	int fd;

	memset(report_data, 0, sizeof report_data);
	node_platform_ask(p, 0, report_data);
	fd = quote_awaited();
	for (uint64_t token = 1; token <= NODE_PLATFORM_QUEUE + 1; token++) {
		report_data[0] = (uint8_t)token;
		node_platform_ask(p, token, report_data);
	}
	a = next(p);
	ck_assert_uint_eq(a.token, NODE_PLATFORM_QUEUE + 1);
	ck_error(a.error, SR_ERR_TOO_MANY);
	for (uint64_t token = 0; token <= NODE_PLATFORM_QUEUE; token++) {
		written = scratch_read(scratch_path("attestation/user_report_data"), &n);
		ck_assert_uint_eq(n, 64);
		ck_assert_uint_eq(written[0], token);
		free(written);
		quote_write(fd);
		a = next(p);
		ck_assert_uint_eq(a.token, token);
		ck_ok(a.error);
		ck_ok(attest_evidence_read(&e, (struct sr_bytes){ a.evidence, a.n }));
		ck_assert_int_eq(e.kind, ATTEST_KIND_SGX);
		ck_assert_uint_eq(e.dcap.quote.n, 5);
		ck_assert_uint_eq(e.dcap.root_crl.n, 4);
		free(a.evidence);
		if (token < NODE_PLATFORM_QUEUE)
			fd = quote_awaited();
	}
	node_platform_free(p);
}
END_TEST

START_TEST(a_machine_that_is_not_there_is_an_error_and_later_it_may_be)
{
	struct platform_options o = tree_make();
	struct node_platform *p = begin(&o);
	uint8_t report_data[64] = { 0 };
	struct node_platform_answer a;

	unlink(scratch_path("attestation/attestation_type"));
	node_platform_ask(p, 1, report_data);
	a = next(p);
	ck_error(a.error, SR_ERR_PLATFORM);
	scratch_write(scratch_path("attestation/attestation_type"), "dcap", 4);
	node_platform_ask(p, 2, report_data);
	quote_write(quote_awaited());
	a = next(p);
	ck_ok(a.error);
	free(a.evidence);
	unlink(scratch_path("collateral/pck-crl.der"));
	node_platform_ask(p, 3, report_data);
	quote_write(quote_awaited());
	a = next(p);
	ck_error(a.error, SR_ERR_NOT_FOUND);
	ck_assert_ptr_null(a.evidence);
	node_platform_free(p);
}
END_TEST

START_TEST(answers_that_nobody_takes_are_freed)
{
	struct platform_options o = tree_make();
	struct node_platform *p = begin(&o);
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };
	uint8_t report_data[64] = { 0 };

	node_platform_ask(p, 1, report_data);
	quote_write(quote_awaited());
	ck_assert_int_eq(poll(&fd, 1, 20000), 1);
	node_platform_free(p);
	node_platform_free(NULL);
}
END_TEST

START_TEST(options_are_what_the_configuration_says)
{
	struct platform_options o;
	struct config c;
	char why[CONFIG_ERROR_MAX];

	config_init(&c);
	node_platform_options(&o, &c);
	ck_assert_int_eq(o.kind, PLATFORM_SOFTWARE);
	ck_assert_ptr_null(o.collateral);
	ck_assert_ptr_null(o.vouchers);
	ck_assert_str_eq(o.tcti, "device:/dev/tpmrm0");
	for (unsigned i = 0; i < PLATFORM_KINDS; i++) {
		ck_ok(config_set(&c, "platform", platform_kind_name((enum platform_kind)i), why));
		node_platform_options(&o, &c);
		ck_assert_uint_eq((unsigned)o.kind, i);
	}
	ck_ok(config_set(&c, "platform_tcti", "swtpm:host=127.0.0.1,port=9", why));
	ck_ok(config_set(&c, "platform_collateral", "/c", why));
	ck_ok(config_set(&c, "platform_vouchers", "/v", why));
	node_platform_options(&o, &c);
	ck_assert_str_eq(o.tcti, "swtpm:host=127.0.0.1,port=9");
	ck_assert_str_eq(o.collateral, "/c");
	ck_assert_str_eq(o.vouchers, "/v");
	ck_error(config_set(&c, "platform_tcti", "cmd:sh -c true", why), SR_ERR_CONFIG);
	ck_error(config_set(&c, "platform_tcti", "device:", why), SR_ERR_CONFIG);
	ck_error(config_set(&c, "platform", "sgx", why), SR_ERR_CONFIG);
}
END_TEST

TEST_MAIN("node/platform", a_running_software_node_gives_no_evidence,
    questions_are_answered_in_order_and_too_many_are_refused,
    a_machine_that_is_not_there_is_an_error_and_later_it_may_be,
    answers_that_nobody_takes_are_freed, options_are_what_the_configuration_says)
