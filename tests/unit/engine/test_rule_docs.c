/* SPDX-License-Identifier: Apache-2.0 */
/* The page about the language names every function, with its parameters and defaults, and every
 * member; and its example is an artifact that loads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/rule_table.h"
#include "engine/strategy.h"
#include "tests/support/check.h"
#include "tests/support/rules.h"

static char *page;

static int read_page(void **state)
{
    (void)state;
    page = check_data("../../docs/strategies.md", NULL);
    return 0;
}

static int free_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* "`stoch(fastk=5, slowk=3, slowd=3)`". */
static void print_signature(const struct rule_function *f, struct text *out)
{
    text_format(out, "`%s(", f->name);
    for (int i = 0; i < rule_function_parameters(f); i++) {
        const struct rule_parameter *p = &f->parameters[i];

        text_format(out, "%s%s", i > 0 ? ", " : "", p->name);
        if (p->kind == PARAMETER_SOURCE)
            text_string(out, "=close");
        else if (!isnan(p->initial))
            text_char(out, '='), rule_default_print(p, out);
    }
    text_string(out, ")`");
}

static void test_functions(void **state)
{
    struct text wanted;

    (void)state;
    for (int id = 0; id < FUNCTION_COUNT_; id++) {
        const struct rule_function *f = rule_function_at((enum rule_function_id)id);

        text_init(&wanted, 1024);
        if (f->part > 0)
            text_format(&wanted, "`%s`", f->name);
        else
            print_signature(f, &wanted);
        if (!strstr(page, wanted.data))
            fail_msg("docs/strategies.md does not have %s", wanted.data);
        for (int i = 0; f->members && f->members[i]; i++) {
            text_clear(&wanted);
            text_format(&wanted, ".%s`", f->members[i]);
            if (!strstr(page, wanted.data))
                fail_msg("docs/strategies.md does not have %s of %s", wanted.data, f->name);
        }
        text_release(&wanted);
    }
}

static void test_example(void **state)
{
    char *start = strstr(page, "```json\n");
    char *end = start ? strstr(start + 8, "```") : NULL;
    struct diag_list diags = {0};
    struct strategy *s = NULL;

    (void)state;
    assert_non_null(end);
    start += 8;
    if (strategy_parse(start, (size_t)(end - start), true, &diags, &s))
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    assert_int_equal(strategy_warnings(s)->count, 0);
    strategy_release(s);
}

/* Every rule in a table of rules is one. */
static void test_rules(void **state)
{
    static const char head[] = "\n| rule |";
    int count = 0;

    (void)state;
    for (const char *table = strstr(page, head); table; table = strstr(table + 1, head)) {
        const char *row = strstr(strstr(table + 1, "\n|") + 1, "\n|");

        for (; row && row[1] == '|'; row = strchr(row + 1, '\n'), count++) {
            const char *from = strchr(row, '`') + 1;
            struct rule_set *set = rules_set_new();
            char rule[256];

            (void)snprintf(rule, sizeof rule, "%.*s", (int)(strchr(from, '`') - from), from);
            assert_true(copy_text(set->ext[0], LIMIT_NAME, "mood"));
            if (rules_compile(set, rule, NULL).type == TYPE_BROKEN)
                fail_msg("%s: %s", rule, rules_diags.items[0].message);
            rules_set_free(set);
        }
    }
    assert_true(count > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_rules),
    };

    return cmocka_run_group_tests(tests, read_page, free_page);
}
