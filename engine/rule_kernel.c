/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels' table: one row an operation. */
#include "engine/rule_kernel.h"

#include "engine/feature_cycle.h"
#include "engine/feature_regression.h"
#include "engine/feature_smooth.h"
#include "engine/feature_trend.h"
#include "engine/feature_volume.h"
#include "engine/feature_window.h"

/* Which struct an operation keeps. */
enum shape {
    SHAPE_NONE,
    SHAPE_LAG,
    SHAPE_CROSS,
    SHAPE_WINDOW,
    SHAPE_EMA,
    SHAPE_RSI,
    SHAPE_ATR,
    SHAPE_EXTREME,
    SHAPE_STREAK,
    SHAPE_WILDER,
    SHAPE_MFI,
    SHAPE_OBV,
    SHAPE_VWAP,
    SHAPE_DMI,
    SHAPE_SAR,
    SHAPE_SUPERTREND,
    SHAPE_HA_OPEN,
    SHAPE_KAMA,
    SHAPE_DM,
    SHAPE_TOTAL,
    SHAPE_ADOSC,
    SHAPE_LINE,
    SHAPE_CORREL,
    SHAPE_CYCLE,
    SHAPE_CYCLE_MEAN,
    SHAPE_CYCLE_PHASE
};

/* How long an operation needs, in terms of its period n. */
enum warmup {
    WARMUP_NONE,
    WARMUP_ONE,    /* 1 and 1 */
    WARMUP_LAG,    /* n and n */
    WARMUP_WINDOW, /* n - 1 and n */
    WARMUP_EMA,    /* n - 1 + m and 6.9 (n + 1) + m */
    WARMUP_WILDER, /* n and 13.8 n, for kernels of changes */
    WARMUP_MEAN,   /* n - 1 and 13.8 n */
    WARMUP_TURN,   /* forgets when the trend turns */
    WARMUP_HA_OPEN,
    WARMUP_KAMA,      /* n and a convention */
    WARMUP_ADOSC,     /* the longer of n and m */
    WARMUP_CYCLE,     /* n and a convention */
    WARMUP_CYCLE_OVER /* as many candles as the cycle may have */
};

static const struct {
    uint8_t shape, warmup; /* enum shape, enum warmup */
} kernels[OP_PART + 1] = {
    [OP_LAG] = {SHAPE_LAG, WARMUP_LAG},
    [OP_CROSSED_ABOVE] = {SHAPE_CROSS, WARMUP_ONE},
    [OP_CROSSED_BELOW] = {SHAPE_CROSS, WARMUP_ONE},
    [OP_SMA] = {SHAPE_WINDOW, WARMUP_WINDOW},
    [OP_EMA] = {SHAPE_EMA, WARMUP_EMA},
    [OP_WMA] = {SHAPE_WINDOW, WARMUP_WINDOW},
    [OP_RSI] = {SHAPE_RSI, WARMUP_WILDER},
    [OP_ATR] = {SHAPE_ATR, WARMUP_WILDER},
    [OP_STDDEV] = {SHAPE_WINDOW, WARMUP_WINDOW},
    [OP_HIGHEST] = {SHAPE_EXTREME, WARMUP_WINDOW},
    [OP_LOWEST] = {SHAPE_EXTREME, WARMUP_WINDOW},
    [OP_RISING] = {SHAPE_STREAK, WARMUP_LAG},
    [OP_FALLING] = {SHAPE_STREAK, WARMUP_LAG},
    [OP_CMO] = {SHAPE_RSI, WARMUP_WILDER},
    [OP_WILDER] = {SHAPE_WILDER, WARMUP_MEAN},
    [OP_CCI] = {SHAPE_WINDOW, WARMUP_WINDOW},
    [OP_MFI] = {SHAPE_MFI, WARMUP_LAG},
    [OP_OBV] = {SHAPE_OBV, WARMUP_NONE},
    [OP_VWAP] = {SHAPE_VWAP, WARMUP_NONE},
    [OP_DMI] = {SHAPE_DMI, WARMUP_WILDER},
    [OP_SAR] = {SHAPE_SAR, WARMUP_TURN},
    [OP_SUPERTREND] = {SHAPE_SUPERTREND, WARMUP_TURN},
    [OP_HA_OPEN] = {SHAPE_HA_OPEN, WARMUP_HA_OPEN},
    [OP_KAMA] = {SHAPE_KAMA, WARMUP_KAMA},
    [OP_DM] = {SHAPE_DM, WARMUP_MEAN},
    [OP_HIGHEST_AGE] = {SHAPE_EXTREME, WARMUP_WINDOW},
    [OP_LOWEST_AGE] = {SHAPE_EXTREME, WARMUP_WINDOW},
    [OP_TOTAL] = {SHAPE_TOTAL, WARMUP_NONE},
    [OP_ADOSC] = {SHAPE_ADOSC, WARMUP_ADOSC},
    [OP_LINE] = {SHAPE_LINE, WARMUP_WINDOW},
    [OP_CORREL] = {SHAPE_CORREL, WARMUP_WINDOW},
    [OP_CYCLE] = {SHAPE_CYCLE, WARMUP_CYCLE},
    [OP_CYCLE_MEAN] = {SHAPE_CYCLE_MEAN, WARMUP_CYCLE_OVER},
    [OP_CYCLE_PHASE] = {SHAPE_CYCLE_PHASE, WARMUP_CYCLE_OVER},
};

static enum shape shape_of(const struct rule_operation *op)
{
    return op->op <= OP_PART ? (enum shape)kernels[op->op].shape : SHAPE_NONE;
}

static enum warmup warmup_of(const struct rule_operation *op)
{
    return op->op <= OP_PART ? (enum warmup)kernels[op->op].warmup : WARMUP_NONE;
}

size_t rule_kernel_size(const struct rule_operation *op)
{
    static const size_t fixed[] = {
        [SHAPE_CROSS] = sizeof(struct rule_cross),
        [SHAPE_EMA] = sizeof(struct feature_ema),
        [SHAPE_RSI] = sizeof(struct feature_rsi),
        [SHAPE_ATR] = sizeof(struct feature_atr),
        [SHAPE_STREAK] = sizeof(struct feature_streak),
        [SHAPE_WILDER] = sizeof(struct feature_wilder),
        [SHAPE_OBV] = sizeof(struct feature_obv),
        [SHAPE_VWAP] = sizeof(struct feature_vwap),
        [SHAPE_DMI] = sizeof(struct feature_dmi),
        [SHAPE_SAR] = sizeof(struct feature_sar),
        [SHAPE_SUPERTREND] = sizeof(struct feature_supertrend),
        [SHAPE_HA_OPEN] = sizeof(struct feature_ha_open),
        [SHAPE_DM] = sizeof(struct feature_dm),
        [SHAPE_TOTAL] = sizeof(struct feature_total),
        [SHAPE_ADOSC] = sizeof(struct feature_adosc),
        [SHAPE_CYCLE] = sizeof(struct feature_cycle),
        [SHAPE_CYCLE_MEAN] = sizeof(struct feature_cycle_mean),
        [SHAPE_CYCLE_PHASE] = sizeof(struct feature_cycle_phase),
    };

    switch (shape_of(op)) {
    case SHAPE_LAG:
        return feature_lag_size(op->n);
    case SHAPE_WINDOW:
        return feature_window_size(op->n);
    case SHAPE_EXTREME:
        return feature_extreme_size(op->n);
    case SHAPE_MFI:
        return feature_mfi_size(op->n);
    case SHAPE_KAMA:
        return feature_kama_size(op->n);
    case SHAPE_LINE:
        return feature_line_size(op->n);
    case SHAPE_CORREL:
        return feature_correl_size(op->n);
    default:
        return fixed[shape_of(op)];
    }
}

/* The kernels that few strategies use. */
static void init_more(const struct rule_operation *op, void *state)
{
    switch (shape_of(op)) {
    case SHAPE_KAMA:
        feature_kama_init(state, op->n);
        break;
    case SHAPE_DM:
        feature_dm_init(state, op->n);
        break;
    case SHAPE_TOTAL:
        feature_total_init(state);
        break;
    case SHAPE_ADOSC:
        feature_adosc_init(state, op->n, op->m);
        break;
    case SHAPE_LINE:
        feature_line_init(state, op->n);
        break;
    case SHAPE_CORREL:
        feature_correl_init(state, op->n);
        break;
    case SHAPE_CYCLE:
        feature_cycle_init(state, op->m, op->n);
        break;
    case SHAPE_CYCLE_MEAN:
        feature_cycle_mean_init(state);
        break;
    default:
        ASSERT(shape_of(op) == SHAPE_CYCLE_PHASE);
        feature_cycle_phase_init(state);
    }
}

void rule_kernel_init(const struct rule_operation *op, void *state)
{
    switch (shape_of(op)) {
    case SHAPE_NONE:
        break;
    case SHAPE_LAG:
        feature_lag_init(state, op->n);
        break;
    case SHAPE_CROSS:
        *(struct rule_cross *)state = (struct rule_cross){NAN};
        break;
    case SHAPE_WINDOW:
        feature_window_init(state, op->n, op->m);
        break;
    case SHAPE_EMA:
        feature_ema_init(state, op->n, op->m);
        break;
    case SHAPE_RSI:
        feature_rsi_init(state, op->n);
        break;
    case SHAPE_ATR:
        feature_atr_init(state, op->n);
        break;
    case SHAPE_EXTREME:
        feature_extreme_init(state, op->n);
        break;
    case SHAPE_STREAK:
        feature_streak_init(state, op->n, op->op == OP_RISING ? 1 : -1);
        break;
    case SHAPE_WILDER:
        feature_wilder_init(state, op->n);
        break;
    case SHAPE_MFI:
        feature_mfi_init(state, op->n);
        break;
    case SHAPE_OBV:
        feature_obv_init(state);
        break;
    case SHAPE_VWAP:
        feature_vwap_init(state);
        break;
    case SHAPE_DMI:
        feature_dmi_init(state, op->n);
        break;
    case SHAPE_SAR:
        feature_sar_init(state, op->k);
        break;
    case SHAPE_SUPERTREND:
        feature_supertrend_init(state);
        break;
    case SHAPE_HA_OPEN:
        feature_ha_open_init(state);
        break;
    default:
        init_more(op, state);
    }
}

static int longer(const struct rule_operation *op)
{
    return op->n > op->m ? op->n : op->m;
}

int rule_kernel_lookback(const struct rule_operation *op)
{
    switch (warmup_of(op)) {
    case WARMUP_NONE:
    case WARMUP_HA_OPEN:
    case WARMUP_CYCLE_OVER:
        return 0;
    case WARMUP_ONE:
        return 1;
    case WARMUP_LAG:
    case WARMUP_WILDER:
    case WARMUP_KAMA:
    case WARMUP_CYCLE:
        return op->n;
    case WARMUP_WINDOW:
    case WARMUP_MEAN:
        return op->n - 1;
    case WARMUP_EMA:
        return feature_ema_lookback(op->n, op->m);
    case WARMUP_ADOSC:
        return longer(op) - 1;
    case WARMUP_TURN:
        return op->op == OP_SAR ? 1 : 0;
    }
    return 0;
}

int rule_kernel_settle(const struct rule_operation *op)
{
    switch (warmup_of(op)) {
    case WARMUP_NONE:
        return 0;
    case WARMUP_ONE:
        return 1;
    case WARMUP_LAG:
    case WARMUP_WINDOW:
        return op->n;
    case WARMUP_EMA:
        return feature_ema_settle(op->n) + op->m;
    case WARMUP_WILDER:
    case WARMUP_MEAN:
        return feature_wilder_settle(op->n);
    case WARMUP_TURN:
        return FEATURE_TREND_SETTLE;
    case WARMUP_HA_OPEN:
        return FEATURE_HA_OPEN_SETTLE;
    case WARMUP_KAMA:
        return op->n + FEATURE_KAMA_SETTLE;
    case WARMUP_ADOSC:
        return feature_ema_settle(longer(op));
    case WARMUP_CYCLE:
        return FEATURE_CYCLE_SETTLE;
    case WARMUP_CYCLE_OVER:
        return FEATURE_CYCLE_MOST;
    }
    return 0;
}
