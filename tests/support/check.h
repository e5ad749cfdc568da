/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with its own prerequisites, data files, random numbers,
 * folders to write in, and a way to see an assertion stop the program. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base.h"
#include "core/error.h"

/* The folder of checked-in test data, relative to the checkout the tests run in. */
#ifndef TEST_DATA
#define TEST_DATA "tests/data"
#endif

#define assert_ok(expression) assert_string_equal(err_code(expression), "ok")
#define assert_err(expression, wanted) assert_string_equal(err_code(expression), err_code(wanted))

/* A whole file below TEST_DATA, ended by NUL; fails the test when it cannot be read.  The caller
 * frees it. */
char *check_data(const char *name, size_t *length);
/* The next line of a text (its newline becomes NUL) or NULL at the end; *cursor moves on. */
char *check_line(char **cursor);

/* A repeatable sequence (SplitMix64). */
struct check_random {
    uint64_t state;
};
uint64_t check_random_next(struct check_random *r);

/* A new empty folder, and its removal with all files in it. */
char *check_folder_new(void);
void check_folder_free(char *folder);
/* "folder/name"; the caller frees it. */
char *check_path(const char *folder, const char *name);
void check_write_file(const char *path, const void *data, size_t length);

/* A sanitizer makes each step many times slower, and sees in a part of many like cases what there
 * is to be seen of memory and threads; what all of them prove the plain build proves.  Such tests
 * take every CHECK_EVERY-th, which is odd so that cases that take turns still do. */
#if defined(__has_feature)
#define CHECK_HAS(feature) __has_feature(feature)
#else
#define CHECK_HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    CHECK_HAS(address_sanitizer) || CHECK_HAS(thread_sanitizer)
enum {
    CHECK_EVERY = 5
};
#else
enum {
    CHECK_EVERY = 1
};
#endif

/* True when act(context), run in a child process, ends in abort(). */
bool check_aborts(void (*act)(void *context), void *context);

#endif
