/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and signing, by the vectors of Binance's documentation (docs/venues.md says where). */
#include "net/form.h"

#include "tests/support/check.h"

static const char secret[] = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

static void test_documented_signatures(void **state)
{
    static const struct {
        const char *payload, *signature;
    } rows[] = {
        {"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
         "&timestamp=1499827319559",
         "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"},
        {"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT"
         "&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
         "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"},
        {"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=0.1&recvWindow=5000"
         "&timestamp=1499827319559",
         "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"},
        {"apiKey=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A&price=52000.00"
         "&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT&timeInForce=GTC"
         "&timestamp=1645423376532&type=LIMIT",
         "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char hex[DIGEST_HEX];

        form_signature(secret, rows[i].payload, strlen(rows[i].payload), hex);
        assert_string_equal(hex, rows[i].signature);
    }
}

static void test_parameters_are_encoded_before_they_are_signed(void **state)
{
    struct text t;
    char hex[DIGEST_HEX];

    (void)state;
    text_init(&t, 1000);
    form_text(&t, "symbol",
              "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x93\xEF\xBC\x94\xEF\xBC\x95\xEF\xBC\x96");
    form_text(&t, "side", "BUY");
    form_text(&t, "type", "LIMIT");
    form_text(&t, "timeInForce", "GTC");
    form_integer(&t, "quantity", 1);
    form_text(&t, "price", "0.1");
    form_integer(&t, "recvWindow", 5000);
    form_integer(&t, "timestamp", INT64_C(1499827319559));
    form_signature(secret, t.data, t.length, hex);
    assert_string_equal(hex, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3");
    text_clear(&t);
    form_text(&t, "a", "[\"B\"] &=+/-_.~%");
    assert_string_equal(t.data, "a=%5B%22B%22%5D%20%26%3D%2B%2F-_.~%25");
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented_signatures),
        cmocka_unit_test(test_parameters_are_encoded_before_they_are_signed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
