/* SPDX-License-Identifier: Apache-2.0 */
/* How a connector's thread wakes who listens to it: set by one thread, called by another. */
#ifndef EXCHANGE_WAKER_H
#define EXCHANGE_WAKER_H

#include <stdatomic.h>
#include <stddef.h>

typedef void waker_fn(void *context);

struct waker {
    _Atomic(waker_fn *) wake;
    void *_Atomic context;
};

static inline void waker_set(struct waker *w, waker_fn *wake, void *context)
{
    atomic_store(&w->context, context);
    atomic_store(&w->wake, wake);
}

/* Any thread; nothing happens before it was set. */
static inline void waker_call(void *waker)
{
    struct waker *w = waker;
    waker_fn *wake = atomic_load(&w->wake);

    if (wake)
        wake(atomic_load(&w->context));
}

#endif
