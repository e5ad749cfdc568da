/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: one write each, valid JSON whatever they hold, readable on a terminal. */
#include "core/log.h"

#include <errno.h>
#include <pty.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/jnode.h"
#include "core/limits.h"
#include "core/text.h"
#include "tests/support/check.h"

static int ends[2];

static int open_pipe(void **state)
{
    (void)state;
    return pipe(ends);
}

static int close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What the last log call wrote. */
static char *written(char line[LIMIT_LOG_LINE + 1])
{
    ssize_t n = read(ends[0], line, LIMIT_LOG_LINE);

    assert_true(n > 0);
    line[n] = '\0';
    assert_int_equal(line[n - 1], '\n');
    assert_null(memchr(line, '\n', (size_t)n - 1));
    return line;
}

static struct jnode *written_json(void)
{
    char line[LIMIT_LOG_LINE + 1];
    struct jnode *root = NULL;

    written(line);
    assert_ok(jnode_parse(line, strlen(line), "line", NULL, &root));
    return root;
}

static void same_member(const struct jnode *root, const char *key, const char *wanted)
{
    const struct jnode *member = jnode_member(root, key);

    assert_true(jnode_is(member, J_STRING));
    assert_string_equal(jnode_text(member), wanted);
}

static void test_json(void **state)
{
    uint64_t before = log_count(LOG_LEVEL_WARN);
    char line[LIMIT_LOG_LINE + 1];
    struct jnode *root;

    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO, ends[1]);
    LOG_WARN("order_filled", "order", LOG_NUMBER(12), "text", "a\"\\\n\t\x01\x7F\xC3\xA9\xFF", "no",
             NULL, NULL);
    root = written_json();
    same_member(root, "level", "warn");
    same_member(root, "event", "order_filled");
    same_member(root, "order", "12");
    same_member(root, "text", "a\"\\\n\t\x01\x7F\xC3\xA9\xEF\xBF\xBD");
    assert_true(jnode_is(jnode_member(root, "no"), J_NULL));
    assert_int_equal(jnode_text_length(jnode_member(root, "time")), 27);
    jnode_free(root);
    assert_int_equal(log_count(LOG_LEVEL_WARN), before + 1);
    LOG_ERROR("bare", NULL);
    assert_non_null(strstr(written(line), ",\"level\":\"error\",\"event\":\"bare\"}\n"));
}

static void test_levels(void **state)
{
    uint64_t before = log_count(LOG_LEVEL_INFO);
    struct jnode *root;

    (void)state;
    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_JSON, ends[1]);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    LOG_INFO("not_written", NULL);
    LOG_WARN("written", NULL);
    root = written_json();
    same_member(root, "event", "written");
    jnode_free(root);
    assert_int_equal(log_count(LOG_LEVEL_INFO), before);
}

static void test_mute(void **state)
{
    uint64_t before = log_count(LOG_LEVEL_WARN);
    struct jnode *root;

    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, ends[1]);
    assert_false(log_mute(true));
    assert_false(log_enabled(LOG_LEVEL_ERROR));
    LOG_WARN("not_written", NULL);
    assert_true(log_mute(false));
    LOG_WARN("written", NULL);
    root = written_json();
    same_member(root, "event", "written");
    jnode_free(root);
    assert_int_equal(log_count(LOG_LEVEL_WARN), before + 1);
}

static void test_cut(void **state)
{
    char *value = xmalloc(2 * LIMIT_LOG_LINE);
    struct jnode *root;
    size_t lead, i;

    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, ends[1]);
    for (lead = 0; lead < 12; lead++) {
        memset(value, 'a', lead);
        for (i = lead; i + 4 < (size_t)2 * LIMIT_LOG_LINE; i += 4)
            memcpy(value + i, lead % 2 ? "\xF0\x9F\x98\x80" : "\x01\"x\n", 5);
        LOG_INFO("long", "before", "kept", "value", value, "after", value, NULL);
        root = written_json();
        same_member(root, "before", "kept");
        assert_true(jnode_text_length(jnode_member(root, "value")) > 1000);
        jnode_free(root);
    }
    free(value);
}

static void test_text_form(void **state)
{
    char line[LIMIT_LOG_LINE + 1];

    (void)state;
    log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT, ends[1]);
    LOG_INFO("order_filled", "order", "12", "why", "a \x1B[31mred\n", "empty", "", NULL);
    written(line);
    assert_int_equal(line[2], ':');
    assert_int_equal(line[8], '.');
    assert_string_equal(line + 12,
                        " info  order_filled             order=12 why=\"a \\u001b[31mred\\n\" "
                        "empty=\"\"\n");
    LOG_DEBUG("bare", NULL);
    assert_string_equal(written(line) + 12, " debug bare\n");
    assert_null(strchr(line, '\x1B'));
}

static void test_terminal(void **state)
{
    char line[512];
    int master, slave;
    ssize_t n;

    (void)state;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_AUTO, slave);
    LOG_ERROR("bad", NULL);
    n = read(master, line, sizeof(line) - 1);
    assert_true(n > 0);
    line[n] = '\0';
    assert_non_null(strstr(line, "\033[31merror\033[0m bad"));
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, ends[1]);
    close(slave);
    close(master);
}

static void test_lost_line(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, -1);
    errno = 7;
    LOG_INFO("nowhere", NULL);
    assert_int_equal(errno, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),      cmocka_unit_test(test_levels),
        cmocka_unit_test(test_mute),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_text_form), cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_lost_line),
    };

    return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
