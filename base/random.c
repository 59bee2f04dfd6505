/* The system's random source. Kept apart so that a pure library that calls it shows up by name. */
#include "base/drbg.h"

#include <errno.h>
#include <sys/random.h>

enum sr_error sr_random_system(uint8_t *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = getrandom(out + done, n - done, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			sr_wipe(out, n);
			return SR_ERR_RANDOM_FAILED;
		}
		done += (size_t)got;
	}
	return SR_OK;
}
