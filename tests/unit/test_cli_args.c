/* The command line: values people type. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "tests/lib/check_main.h"

/* What each text means, in milliseconds; 0 with ok = false: refused. */
START_TEST(durations_add_up_and_odd_ones_are_refused)
{
	static const struct { const char *text; enum sr_error error; uint64_t ms;
	} table[] = {
		{ "30d", SR_OK, 2592000000 },
		{ "12h", SR_OK, 43200000 },
		{ "15m", SR_OK, 900000 },
		{ "90s", SR_OK, 90000 },
		{ "500ms", SR_OK, 500 },
		{ "1h30m", SR_OK, 5400000 },
		{ "0s", SR_OK, 0 },
		{ "36525d", SR_OK, 3155760000000 },
		{ "36526d", SR_ERR_OUT_OF_RANGE, 0 },
		{ "36525d1ms", SR_ERR_OUT_OF_RANGE, 0 },
		{ "", SR_ERR_EMPTY, 0 },
		{ "s", SR_ERR_BAD_SYNTAX, 0 },
		{ "30", SR_ERR_BAD_SYNTAX, 0 },
		{ "-1s", SR_ERR_BAD_SYNTAX, 0 },
		{ "1w", SR_ERR_BAD_SYNTAX, 0 },
		{ "1 h", SR_ERR_BAD_SYNTAX, 0 },
		{ "1hh", SR_ERR_BAD_SYNTAX, 0 },
		{ "99999999999999999999999999d", SR_ERR_OUT_OF_RANGE, 0 },
		{ "1.5h", SR_ERR_BAD_SYNTAX, 0 },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		uint64_t ms = 0;

		ck_assert_msg(
		    cli_parse_duration(&ms, table[i].text) == table[i].error, "%s", table[i].text);
		ck_assert_msg(ms == table[i].ms, "%s", table[i].text);
	}
}
END_TEST

START_TEST(times_are_read_as_utc_and_impossible_dates_are_refused)
{
	static const struct { const char *text; enum sr_error error; uint64_t ms;
	} table[] = {
		{ "1970-01-01", SR_OK, 0 },
		{ "2027-01-31", SR_OK, 1801353600000 },
		{ "2027-01-31T12:00:00Z", SR_OK, 1801396800000 },
		{ "2024-02-29", SR_OK, 1709164800000 },
		{ "2000-02-29", SR_OK, 951782400000 },
		{ "1801353600000", SR_OK, 1801353600000 },
		{ "+1h", SR_OK, 3601000 },
		{ "2023-02-29", SR_ERR_OUT_OF_RANGE, 0 },
		{ "2100-02-29", SR_ERR_OUT_OF_RANGE, 0 },
		{ "2027-04-31", SR_ERR_OUT_OF_RANGE, 0 },
		{ "2027-13-01", SR_ERR_BAD_SYNTAX, 0 },
		{ "2027-1-31", SR_ERR_BAD_SYNTAX, 0 },
		{ "2027-01-31T12:00:00", SR_ERR_BAD_SYNTAX, 0 },
		{ "2027-01-31T24:00:00Z", SR_ERR_BAD_SYNTAX, 0 },
		{ "2027-01-31T12:00:00Zx", SR_ERR_BAD_SYNTAX, 0 },
		{ "1969-12-31", SR_ERR_BAD_SYNTAX, 0 },
		{ "soon", SR_ERR_BAD_SYNTAX, 0 },
		{ "", SR_ERR_EMPTY, 0 },
		{ "+", SR_ERR_EMPTY, 0 },
		{ "253402300800000", SR_ERR_OUT_OF_RANGE, 0 },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		uint64_t ms = 0;

		ck_assert_msg(cli_parse_time(&ms, table[i].text, 1000) == table[i].error, "%s",
		    table[i].text);
		ck_assert_msg(ms == table[i].ms, "%s: %llu", table[i].text, (unsigned long long)ms);
	}
}
END_TEST

START_TEST(numbers_keep_to_their_range)
{
	uint64_t v = 7;

	ck_ok(cli_parse_number(&v, "18446744073709551615", 0, UINT64_MAX));
	ck_assert_uint_eq(v, UINT64_MAX);
	v = 7;
	ck_error(cli_parse_number(&v, "18446744073709551616", 0, UINT64_MAX), SR_ERR_OUT_OF_RANGE);
	ck_error(cli_parse_number(&v, "4", 5, 9), SR_ERR_OUT_OF_RANGE);
	ck_error(cli_parse_number(&v, "10", 5, 9), SR_ERR_OUT_OF_RANGE);
	ck_error(cli_parse_number(&v, "0x5", 0, 9), SR_ERR_BAD_SYNTAX);
	ck_error(cli_parse_number(&v, " 5", 0, 9), SR_ERR_BAD_SYNTAX);
	ck_error(cli_parse_number(&v, "", 0, 9), SR_ERR_EMPTY);
	ck_assert_uint_eq(v, 7);
	ck_ok(cli_parse_number(&v, "5", 5, 9));
	ck_assert_uint_eq(v, 5);
}
END_TEST

/* A parsed line; 0 when it was refused as wrong usage. */
static bool parses(struct cli *cli, const char *line)
{
	static char text[1024];
	char *argv[64], *p = text;
	int argc = 0;

	memset(cli, 0, sizeof *cli);
	ck_ok(cli_json_open(cli));
	snprintf(text, sizeof text, "%s", line);
	while (p != NULL) {
		argv[argc++] = p;
		p = strchr(p, ' ');
		if (p != NULL)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	return cli_parse(cli, argc, argv) == CLI_DONE;
}

START_TEST(options_may_stand_anywhere)
{
	static struct cli cli;

	ck_assert(
	    parses(&cli, "strongroom --cluster /c secret get --key bob passwords -o out --nft=12"));
	ck_assert_str_eq(cli.command->group, "secret");
	ck_assert_str_eq(cli.command->name, "get");
	ck_assert_str_eq(cli.cluster, "/c");
	ck_assert_str_eq(cli.key, "bob");
	ck_assert_uint_eq(cli.args_n, 1);
	ck_assert_str_eq(cli.args[0], "passwords");
	ck_assert_str_eq(cli_value(&cli, "output"), "out");
	ck_assert_str_eq(cli_value(&cli, "nft"), "12");
	ck_assert(!cli_has(&cli, "version"));
	cli_json_close(&cli);
}
END_TEST

START_TEST(repeated_options_are_kept_in_order_and_others_are_refused)
{
	static struct cli cli;

	ck_assert(parses(
	    &cli, "strongroom switch create s --interval 1h --grace 1h --heir a --heir b:5m"));
	ck_assert_str_eq(cli_value_at(&cli, "heir", 0), "a");
	ck_assert_str_eq(cli_value_at(&cli, "heir", 1), "b:5m");
	ck_assert_ptr_null(cli_value_at(&cli, "heir", 2));
	cli_json_close(&cli);
	ck_assert(!parses(&cli, "strongroom switch create s --interval 1h --interval 2h"));
	cli_json_close(&cli);
}
END_TEST

START_TEST(wrong_lines_are_usage_errors)
{
	static const char *const lines[] = {
		"strongroom",
		"strongroom nonsense",
		"strongroom secret",
		"strongroom secret nonsense",
		"strongroom secret get",
		"strongroom secret get a b",
		"strongroom secret get a --nonsense",
		"strongroom secret get a --nft",
		"strongroom secret get a --own-copy=1",
		"strongroom status x",
		"strongroom --timeout 0 status",
		"strongroom --timeout x status",
		"strongroom secret get a --out=",
		"strongroom -x status",
		"strongroom nft transfer",
		"strongroom --json --json status",
		"strongroom block 1 2",
	};
	static struct cli cli;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		ck_assert_msg(!parses(&cli, lines[i]), "%s", lines[i]);
		ck_assert_msg(cli.failed, "%s", lines[i]);
		cli.json = false;
		cli_json_close(&cli);
	}
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	static struct cli cli;

	ck_assert(parses(&cli, "strongroom secret put name -- --file"));
	ck_assert_uint_eq(cli.args_n, 2);
	ck_assert_str_eq(cli.args[1], "--file");
	cli_json_close(&cli);
}
END_TEST

START_TEST(every_command_has_help_and_consistent_limits)
{
	for (unsigned g = 0; cli_groups[g] != NULL; g++)
		for (const struct cli_command *c = cli_groups[g]; c->group != NULL; c++) {
			ck_assert(c->run != NULL);
			ck_assert_ptr_nonnull(c->about);
			ck_assert_uint_le(c->args_min, c->args_max);
			ck_assert_msg(
			    (c->args[0] == '\0') == (c->args_max == 0), "%s %s", c->group, c->name);
			for (const struct cli_option *o = c->options; o != NULL && o->name != NULL;
			     o++)
				for (const struct cli_option *h = cli_global_options;
				     h->name != NULL; h++)
					ck_assert_msg(strcmp(o->name, h->name) != 0,
					    "%s hides a global option", o->name);
		}
}
END_TEST

START_TEST(refusals_failures_and_silence_have_their_own_exit_codes)
{
	ck_assert_int_eq(cli_exit_of(SR_OK), CLI_DONE);
	ck_assert_int_eq(cli_exit_of(SR_ERR_POLICY_FALSE), CLI_REFUSED);
	ck_assert_int_eq(cli_exit_of(SR_ERR_USAGE), CLI_USAGE);
	ck_assert_int_eq(cli_exit_of(SR_ERR_TIMED_OUT), CLI_UNREACHED);
	ck_assert_int_eq(cli_exit_of(SR_ERR_NOT_REACHED), CLI_UNREACHED);
}
END_TEST

TEST_MAIN("cli args", durations_add_up_and_odd_ones_are_refused,
    times_are_read_as_utc_and_impossible_dates_are_refused, numbers_keep_to_their_range,
    options_may_stand_anywhere, repeated_options_are_kept_in_order_and_others_are_refused,
    wrong_lines_are_usage_errors, two_dashes_end_the_options,
    every_command_has_help_and_consistent_limits,
    refusals_failures_and_silence_have_their_own_exit_codes)
