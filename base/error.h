/*
 * base/error.h - the one error type of the product.
 *
 * Every fallible function returns enum sr_error and is SR_MUST_CHECK. The numbers travel on the
 * wire (client replies, receipts in the state): the list in error.def is append-only.
 */
#ifndef SR_BASE_ERROR_H
#define SR_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define SR_MUST_CHECK __attribute__((warn_unused_result))

enum sr_error {
#define SR_ERROR(name, number, text) SR_ERR_##name = number,
#include "base/error.def"
#undef SR_ERROR
};

#define SR_OK SR_ERR_OK

/* Returns the stable short name, "nonce_replayed"; "unknown_error" for a number not listed. */
const char *sr_error_name(unsigned code);

/* Returns one sentence for a person: what was wrong and, where there is one, the way out. */
const char *sr_error_message(unsigned code);

/* Returns SR_OK and passes the code on, or SR_ERR_INTERNAL for a number that is not listed. */
enum sr_error sr_error_from_number(unsigned code);

/* Memory or random bytes that are lacking at this moment: says nothing about stored data. */
bool sr_error_is_shortage(enum sr_error error);

/* Hands an error straight up. */
#define SR_TRY(expr)                                                                               \
	do {                                                                                       \
		enum sr_error sr_try_error_ = (expr);                                              \
		if (sr_try_error_ != SR_OK)                                                        \
			return sr_try_error_;                                                      \
	} while (0)

/*
 * Assertions stay on in every build. They state what the code itself guarantees and are never used
 * on input.
 */
#define SR_ASSERT(cond)                                                                            \
	do {                                                                                       \
		if (!(cond))                                                                       \
			sr_assert_failed(__FILE__, __LINE__, #cond);                               \
	} while (0)

__attribute__((noreturn)) void sr_assert_failed(const char *file, int line, const char *cond);

#endif
