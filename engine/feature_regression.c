/* SPDX-License-Identifier: Apache-2.0 */
/* Least squares (Gauss 1809) and correlation (Pearson 1895) over a sliding window. */
#include "engine/feature_regression.h"

#include <math.h>

/* A running sum that shrank to this part of its peak has lost digits: it is made afresh. */
static const double SHRUNK = 1e-3;

size_t feature_line_size(int period)
{
    return sizeof(struct feature_line) + (size_t)period * sizeof(double);
}

void feature_line_init(struct feature_line *f, int period)
{
    *f = (struct feature_line){.part = {NAN}, .period = period};
}

/* The ring is full and `at` is its oldest value. */
static void line_refresh(struct feature_line *f)
{
    double first = f->ring[f->at];
    double offset = 0;

    for (int32_t i = 0; i < f->period; i++)
        offset += f->ring[i] - first;
    f->anchor = first + offset / (double)f->period;
    f->sum = 0;
    f->weighted = 0;
    f->squares = 0;
    for (int32_t i = 0, at = f->at; i < f->period; i++) {
        double d = f->ring[at] - f->anchor;

        f->sum += d;
        f->weighted += d * (double)i;
        f->squares += d * d;
        at = at + 1 == f->period ? 0 : at + 1;
    }
    f->peak = f->squares;
}

/* Everything becomes a candle older, the oldest (of weight 0) leaves, and x comes. */
static void line_slide(struct feature_line *f, double x)
{
    double in = x - f->anchor, out = f->ring[f->at] - f->anchor;

    f->weighted -= f->sum - out;
    f->weighted += in * (double)(f->period - 1);
    f->sum += in - out;
    f->squares += in * in;
    f->peak = f->squares > f->peak ? f->squares : f->peak;
    f->squares -= out * out;
}

double feature_line_push(struct feature_line *f, double x)
{
    bool was_full = f->count == f->period;
    double n = (double)f->period;

    if (isnan(x)) {
        feature_line_init(f, f->period);
        return NAN;
    }
    if (was_full)
        line_slide(f, x);
    else
        f->count++;
    f->ring[f->at] = x;
    f->at = f->at + 1 == f->period ? 0 : f->at + 1;
    if (f->count < f->period)
        return NAN;
    if (!was_full || f->at == 0 || !(f->squares - f->sum * f->sum / n >= SHRUNK * f->peak))
        line_refresh(f);
    f->part[0] = (f->weighted - f->sum * (n - 1) / 2) / (n * (n * n - 1) / 12);
    return f->anchor + (f->sum / n + f->part[0] * (n - 1) / 2);
}

size_t feature_correl_size(int period)
{
    return sizeof(struct feature_correl) + (size_t)period * sizeof(struct feature_correl_pair);
}

void feature_correl_init(struct feature_correl *f, int period)
{
    *f = (struct feature_correl){.period = period};
}

static void side_add(struct feature_correl_side *s, double d)
{
    s->sum += d;
    s->squares += d * d;
    s->peak = s->squares > s->peak ? s->squares : s->peak;
}

static void correl_refresh(struct feature_correl *f)
{
    struct feature_correl_pair first = f->ring[0], offset = {0, 0};

    for (int32_t i = 0; i < f->period; i++) {
        offset.x += f->ring[i].x - first.x;
        offset.y += f->ring[i].y - first.y;
    }
    f->x = (struct feature_correl_side){.anchor = first.x + offset.x / (double)f->period};
    f->y = (struct feature_correl_side){.anchor = first.y + offset.y / (double)f->period};
    f->products = 0;
    for (int32_t i = 0; i < f->period; i++) {
        double x = f->ring[i].x - f->x.anchor, y = f->ring[i].y - f->y.anchor;

        side_add(&f->x, x);
        side_add(&f->y, y);
        f->products += x * y;
    }
}

static void correl_slide(struct feature_correl *f, double x, double y)
{
    double old_x = f->ring[f->at].x - f->x.anchor, old_y = f->ring[f->at].y - f->y.anchor;
    double new_x = x - f->x.anchor, new_y = y - f->y.anchor;

    side_add(&f->x, new_x);
    side_add(&f->y, new_y);
    f->x.sum -= old_x;
    f->y.sum -= old_y;
    f->x.squares -= old_x * old_x;
    f->y.squares -= old_y * old_y;
    f->products += new_x * new_y - old_x * old_y;
}

/* The sum of squared deviations from the mean. */
static double side_squares(const struct feature_correl_side *s, double n)
{
    return s->squares - s->sum * s->sum / n;
}

/* A deviation that is only rounding noise of the values themselves. */
static bool side_is_flat(const struct feature_correl_side *s, double squares, double n)
{
    double noise = 1e-12 * s->anchor;

    return !(squares > n * noise * noise);
}

double feature_correl_push(struct feature_correl *f, double x, double y)
{
    bool was_full = f->count == f->period;
    double n = (double)f->period;
    double r, xx, yy;

    if (isnan(x) || isnan(y)) {
        feature_correl_init(f, f->period);
        return NAN;
    }
    if (was_full)
        correl_slide(f, x, y);
    else
        f->count++;
    f->ring[f->at] = (struct feature_correl_pair){x, y};
    f->at = f->at + 1 == f->period ? 0 : f->at + 1;
    if (f->count < f->period)
        return NAN;
    if (!was_full || f->at == 0 || !(side_squares(&f->x, n) >= SHRUNK * f->x.peak) ||
        !(side_squares(&f->y, n) >= SHRUNK * f->y.peak))
        correl_refresh(f);
    xx = side_squares(&f->x, n);
    yy = side_squares(&f->y, n);
    if (side_is_flat(&f->x, xx, n) || side_is_flat(&f->y, yy, n))
        return NAN;
    r = (f->products - f->x.sum * f->y.sum / n) / (sqrt(xx) * sqrt(yy));
    return r > 1 ? 1 : r < -1 ? -1 : r;
}
