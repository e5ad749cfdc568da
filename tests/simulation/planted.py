# SPDX-License-Identifier: Apache-2.0
"""Plants known bugs into copies of the engine's sources and requires the simulation to catch each.

A mutation is a text that stands exactly once in a file, and what takes its place: when the engine
changes so that it does not apply any more, this fails and wants to be brought in line."""
import os
import pathlib
import shlex
import subprocess
import sys
import time

# Each is caught at the same seed everywhere; how long that takes is the machine's matter.
LIMIT_RUNS = 5000
LIMIT_S = 300

# Those of tests/simulation are what PostgreSQL and the spool must never do: the judge would see it.
PLANTED = {
    "entry while the database is away": [
        ("engine/dispatch.c",
         "live->cancel_wanted || (o->purpose == PURPOSE_ENTRY && !state_may_enter(s))",
         "live->cancel_wanted"),
    ],
    "exit of more than is left": [
        ("engine/dispatch.c",
         "p->id == live->order.position_id && size_cmp(live->order.size, p->size) > 0;\n",
         "false;\n"),
    ],
    "sent although the spool failed": [
        ("engine/state.c",
         "        j->spool(j->self, &s->sealed))\n        return error;\n",
         "        (j->spool(j->self, &s->sealed) == ERR_LIMIT))\n        return error;\n"),
    ],
    "attempt resent after a takeover": [
        ("engine/recovery.c",
         "        if (o->status == ORDER_NEW || o->status == ORDER_SUBMITTED)\n"
         "            order_move(o, ORDER_UNKNOWN, now);\n",
         "        if (o->status == ORDER_NEW && now < o->send_after_us)\n            continue;\n"
         "        if (o->status == ORDER_NEW || o->status == ORDER_SUBMITTED)\n"
         "            order_move(o, ORDER_UNKNOWN, now);\n"),
    ],
    "average price wrong": [
        ("engine/position.c", "    return average(p->entry_notional, p->entry_size);\n",
         "    return average(p->entry_notional, (struct size){p->entry_size.e12 + 1000});\n"),
    ],
    "equity without positions": [
        ("engine/state.c", "            e = money_add(sum, value, &sum);\n",
         "            (void)value;\n"),
    ],
    "exits may enlarge": [
        ("engine/execution.c", "        .reduce_only = i->purpose != PURPOSE_ENTRY,\n", ""),
    ],
    "what two daemons decide alike is one order": [
        ("engine/recovery.c", "        s->epoch = r.epoch;\n", "        s->epoch = 0;\n"),
    ],
    "old epoch not refused": [
        ("tests/simulation/sim_database.c",
         "    if (epoch != d->epoch)\n        return ERR_DB_FENCED;\n", ""),
    ],
    "spooled commit lost": [
        ("tests/simulation/sim_journal.c", "k < i->spool.count && !e; k++)",
         "k + 1 < i->spool.count && !e; k++)"),
    ],
    "resend after time-out": [
        ("engine/booking_order.c",
         "    case VENUE_UNKNOWN:\n        booking_progress(s, live, ORDER_UNKNOWN, event);\n"
         "        return ERR_OK;\n",
         "    case VENUE_UNKNOWN:\n        return booking_refused(s, live, event);\n"),
    ],
    "intent after send": [
        ("engine/execution.c",
         "        enum err e = state_commit(s, false);\n\n        if (e)\n            return e;\n"
         "        if (!s->options.venue)\n            return ERR_OK;\n        dispatch_send(s);\n",
         "        enum err e;\n\n        dispatch_send(s);\n        e = state_commit(s, false);\n"
         "        if (e)\n            return e;\n"),
        ("engine/dispatch.c", "    ASSERT(!state_must_commit(s));\n", ""),
    ],
    "fill counted twice": [
        ("engine/booking.c",
         "    if (!traits->tells_fill_once && "
         "fill_ids_has(&s->fill_ids, symbol, event->venue_fill_id))\n"
         "        return ERR_OK; /* told before */\n", ""),
    ],
    "stop not resized": [
        ("engine/protection.c",
         "    return size_cmp(order_left(&live->order), size) == 0 &&\n", "    return size_sign(size) > 0 &&\n"),
    ],
    "reconcile skipped": [
        ("engine/comparison.c", "    is_quiet = comparison_judge(s, a, holdings, &findings);\n",
         "    findings.count = 0;\n    is_quiet = comparison_judge(s, a, holdings, &findings);\n"),
    ],
    "not found trusted at once": [
        ("engine/inquiry.c", "    if (live->asked_monotonic_us > after_us) {\n", "    if (true) {\n"),
    ],
    "funding booked twice after a restart": [
        ("engine/income.c",
         "        (void)fill_ids_add(&s->incomes, r->incomes[i].symbol, r->incomes[i].venue_id);\n",
         "        (void)r->incomes[i];\n"),
    ],
    "funding forgotten once its position has closed": [
        ("engine/income.c", "(size_sign(held) == 0 && !was_held(&s->markets[instrument], t))",
         "(size_sign(held) == 0)"),
    ],
    "funding given to the position alone": [
        ("engine/income.c", "    s->account.cash = cash;\n", ""),
    ],
    "drawdown forgotten at a restart": [
        ("engine/recovery.c", "    s->account = r->account;\n    s->kept_order_id",
         "    s->account = r->account;\n"
         "    s->account.performance.equity_peak = s->account.performance.equity;\n"
         "    s->kept_order_id"),
    ],
    "drawdown not looked at": [
        ("engine/risk.c", "    if (is_drawdown_reached(l, view))\n", "    if (false)\n"),
    ],
    "entry meets our own order": [
        ("engine/dispatch.c", "    if (dispatch_meets_ours(s, live))\n", "    if (false)\n"),
    ],
    "exit leaves the rest of its entry to meet it": [
        ("engine/state.c", "    if (!live || live->cancel_wanted)\n        return;\n",
         "    return;\n"),
    ],
    "cancel waits for the database": [
        ("engine/dispatch.c", "    if (!live->cancel_wanted || live->cancel_sent || live->has_ended",
         "    if (s->spooling || !live->cancel_wanted || live->cancel_sent || live->has_ended"),
    ],
    "position not given back": [
        ("engine/booking.c", "    free(p);\n    lane->position = NULL;\n",
         "    lane->position = NULL;\n"),
    ],
    "resend after restart": [
        ("engine/recovery.c",
         "        if (o->status == ORDER_NEW || o->status == ORDER_SUBMITTED)\n"
         "            order_move(o, ORDER_UNKNOWN, now);\n",
         "        if (o->status == ORDER_NEW)\n            continue;\n"
         "        if (o->status == ORDER_SUBMITTED)\n"
         "            order_move(o, ORDER_UNKNOWN, now);\n"),
    ],
    "replacement may take": [
        ("engine/operator_order.c", "                               .life = old->life,\n", ""),
    ],
    "dead-man switch forgotten at a restart": [
        ("engine/engine.c", "        renewal_begin(&e->state);\n", ""),
    ],
    "dead-man switch lapses late": [
        ("engine/renewal.c", "    return s->renew_until_us > 0 && s->renew_until_us <=",
         "    return s->renew_until_us > 0 && s->renew_until_us + 60 * US_PER_S <="),
    ],
    "dead-man switch closes nothing": [
        ("engine/renewal.c", "flattens ? COMMAND_CLOSE_ALL : COMMAND_CANCEL_ALL",
         "flattens && step < 0 ? COMMAND_CLOSE_ALL : COMMAND_CANCEL_ALL"),
    ],
    "timer of the venue runs while something is held": [
        ("engine/deadman.c", "    if (what == ENTRIES)\n        return s->options",
         "    if (what != NOTHING)\n        return s->options"),
    ],
    "timer of the venue not set anew": [
        ("engine/deadman.c", "    *due_us = m->timer_next_us;\n",
         "    *due_us = m->timer_is_set ? INT64_MAX : m->timer_next_us;\n"),
    ],
    "ioc tried again": [
        ("engine/attempt.c", " ||\n        order_is_immediate(o)) /* its moment has passed */\n",
         ")\n"),
    ],
}


def build(folder, name, mutations):
    """The simulation with the bug in it; objects given first stand for those of the archive."""
    objects = []
    for number, (path, old, new) in enumerate(mutations):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        if text.count(old) != 1:
            sys.exit(f"planted.py: `{name}` does not apply to {path} any more")
        source = folder / f"{number}.c"
        source.write_text(text.replace(old, new), encoding="utf-8")
        objects.append(folder / f"{number}.o")
        compile_one = shlex.split(os.environ["PLANT_COMPILE"])
        subprocess.run([*compile_one, "-w", "-c", "-o", objects[-1], source], check=True)
    program = folder / "simulate"
    link = os.environ["PLANT_LINK"].replace("\\\n", " ").replace("@PROGRAM@", str(program))
    link = link.replace("@OBJECTS@", " ".join(map(str, objects)))
    own = {pathlib.PurePath(path).with_suffix(".o") for path, _, _ in mutations
           if path.startswith("tests/simulation/")}
    command = [word for word in shlex.split(link)
               if not any(str(word).endswith(f"obj/{path}") for path in own)]
    subprocess.run(command, check=True)
    return program


def main():
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    escaped = []
    for name, mutations in PLANTED.items():
        if wanted not in name:
            continue
        folder = pathlib.Path(sys.argv[1]) / "planted" / name.replace(" ", "_")
        folder.mkdir(parents=True, exist_ok=True)
        program = build(folder, name, mutations)
        begun = time.monotonic()
        done = subprocess.run([program, "--seconds", str(LIMIT_S), "--seeds", str(LIMIT_RUNS),
                               "--no-sometimes"], stdout=subprocess.PIPE, text=True, check=False)
        took = time.monotonic() - begun
        caught = done.returncode != 0 and "violates" in done.stdout
        first = done.stdout.splitlines()[0] if done.stdout else f"exit {done.returncode}"
        print(f"{'caught ' if caught else 'ESCAPED'} {took:5.1f} s  {name}: {first}", flush=True)
        if not caught:
            escaped.append(name)
    if escaped:
        sys.exit(f"planted.py: not caught within {LIMIT_RUNS} runs or {LIMIT_S} s: {', '.join(escaped)}")
    print("every planted bug was caught")


if __name__ == "__main__":
    main()
