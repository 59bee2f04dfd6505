#include "node/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/check_main.h"
#include "tests/lib/scratch.h"

START_TEST(what_is_told_arrives_as_one_datagram)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char got[64] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path("notify"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	notify_send("READY=1");
	ck_assert_int_eq(recv(fd, got, sizeof got, MSG_DONTWAIT), 7);
	ck_assert_str_eq(got, "READY=1");
	close(fd);
}
END_TEST

START_TEST(where_nobody_listens_nothing_happens)
{
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify_send("READY=1");
	setenv("NOTIFY_SOCKET", scratch_path("nobody"), 1);
	notify_send("READY=1");
}
END_TEST

START_TEST(the_watchdog_is_fed_twice_in_its_time)
{
	unsetenv("WATCHDOG_USEC");
	ck_assert_uint_eq(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(notify_watchdog_ms(), 15000);
}
END_TEST

TEST_MAIN("node_notify", what_is_told_arrives_as_one_datagram, where_nobody_listens_nothing_happens,
    the_watchdog_is_fed_twice_in_its_time)
