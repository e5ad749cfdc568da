/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of an account as its log states them, from the configuration. */
#include "server/config_leaf.h"

#include "server/settings.h"

struct config_leaf config_leaf_of(const struct config *c, const struct market *m)
{
    return (struct config_leaf){
        .feed_id = m->feed_id,
        .fee_rate = config_ratio(c, CONFIG_fee_rate),
        .fee_in_received = config_enum(c, CONFIG_fee_in) == FEE_IN_RECEIVED,
        .slippage_bps = config_ratio(c, CONFIG_slippage_bps),
        .slippage_tolerance_bps = config_ratio(c, CONFIG_slippage_tolerance_bps),
        .volume_cap = config_ratio(c, CONFIG_volume_cap),
        .min_confidence = config_ratio(c, CONFIG_min_confidence),
        .max_position_ratio = config_ratio(c, CONFIG_max_position_ratio),
        .max_exposure_ratio = config_ratio(c, CONFIG_max_exposure_ratio),
        .max_drawdown = config_ratio(c, CONFIG_max_drawdown),
        .max_order_notional = config_money(c, CONFIG_max_order_notional),
        .max_open_positions = config_integer(c, CONFIG_max_open_positions),
        .intrabar = config_text(c, CONFIG_intrabar),
        .limit_fill = config_text(c, CONFIG_limit_fill),
        .instruments = m->instruments,
        .instrument_count = m->instrument_count,
    };
}
