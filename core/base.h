/* SPDX-License-Identifier: Apache-2.0 */
/* The few words every file uses: attributes, assertions that stay on, array sizes, 128 bits. */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#define NO_RETURN __attribute__((noreturn))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Signed 128 bits: amounts are counted in it (core/amount.h). */
__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

/* Prints the broken expectation to stderr and aborts.  Never returns. */
NO_RETURN void assert_failed(const char *expression, const char *file, int line);

/* An assertion means "our bug" and stays on in production: a trading daemon must stop rather
 * than trade on corrupt state.  What the outside world does wrong is an enum err instead. */
#define ASSERT(expression) ((expression) ? (void)0 : assert_failed(#expression, __FILE__, __LINE__))

/* malloc, calloc, realloc and strdup that abort when memory is out: every size they are asked
 * for is bounded by core/limits.h, so failure is not something a caller could handle. */
void *xmalloc(size_t size) MUST_USE;
void *xcalloc(size_t count, size_t size) MUST_USE;
void *xrealloc(void *old, size_t size) MUST_USE;
char *xstrdup(const char *text) MUST_USE;
char *xstrndup(const char *text, size_t length) MUST_USE;

/* Says that all of this memory is about to be written: the system gives its pages at once, where
 * each would take a fault of its own.  A hint; less than a page changes nothing. */
void memory_prepare(void *memory, size_t size);

/* Copies text into a buffer of the given capacity, always ended by NUL.  False when it was cut. */
bool copy_text(char *to, size_t capacity, const char *from);

#endif
