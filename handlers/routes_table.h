/* SPDX-License-Identifier: Apache-2.0 */
/* Every route, once.  No include guard: included with different meanings of ROUTE.
 *
 * ROUTE(method, "path template", handler, role, where it runs, idempotency)
 * role: NONE VIEWER TRADER ADMIN.  where: INLINE answers from memory on a server thread (and may
 * move to a worker by request_defer), WORKER may wait for the engine or the database.  idempotency:
 * N natural (repeating gives the same state), K honours Idempotency-Key, KEY needs one, X not
 * applicable.
 * HEAD is implied by GET, OPTIONS is automatic.  openapi/openapi.yaml is checked against it. */
ROUTE(GET, "/healthz", health_summary, NONE, INLINE, X)
ROUTE(GET, "/livez", health_live, NONE, INLINE, X)
ROUTE(GET, "/readyz", health_ready, NONE, INLINE, X)
ROUTE(GET, "/metrics", metrics_scrape, NONE, INLINE, X)
ROUTE(GET, "/version", meta_version, NONE, INLINE, X)
ROUTE(GET, "/openapi.json", meta_openapi, NONE, INLINE, X)

ROUTE(GET, "/v1/loop", loop_get, VIEWER, INLINE, N)
ROUTE(POST, "/v1/loop/start", loop_start, TRADER, WORKER, K)
ROUTE(POST, "/v1/loop/pause", loop_pause, TRADER, WORKER, N)
ROUTE(POST, "/v1/loop/resume", loop_resume, TRADER, WORKER, N)
ROUTE(POST, "/v1/loop/stop", loop_stop, TRADER, WORKER, N)

ROUTE(GET, "/v1/positions", positions_list, VIEWER, INLINE, N)
ROUTE(GET, "/v1/positions/{id}", positions_get, VIEWER, INLINE, N)
ROUTE(POST, "/v1/positions/{id}/close", positions_close, TRADER, WORKER, K)
ROUTE(POST, "/v1/positions/close_all", positions_close_all, TRADER, WORKER, K)

ROUTE(GET, "/v1/orders", orders_list, VIEWER, INLINE, N)
ROUTE(GET, "/v1/orders/{id}", orders_get, VIEWER, INLINE, N)
ROUTE(DELETE, "/v1/orders/{id}", orders_cancel, TRADER, WORKER, N)
ROUTE(POST, "/v1/orders/cancel_all", orders_cancel_all, TRADER, WORKER, N)

ROUTE(GET, "/v1/fills", fills_list, VIEWER, WORKER, N)
ROUTE(GET, "/v1/trades", trades_list, VIEWER, WORKER, N)
ROUTE(GET, "/v1/trades/{id}", trades_get, VIEWER, WORKER, N)
ROUTE(GET, "/v1/signals", signals_list, VIEWER, WORKER, N)
ROUTE(POST, "/v1/signals", signals_create, TRADER, WORKER, KEY)
ROUTE(GET, "/v1/signals/{id}", signals_get, VIEWER, WORKER, N)
ROUTE(GET, "/v1/features", features_list, VIEWER, INLINE, N)
ROUTE(PUT, "/v1/features/{name}", features_put, TRADER, WORKER, N)
ROUTE(DELETE, "/v1/features/{name}", features_delete, TRADER, WORKER, N)

ROUTE(GET, "/v1/strategies", strategies_list, VIEWER, WORKER, N)
ROUTE(POST, "/v1/strategies", strategies_create, TRADER, WORKER, K)
ROUTE(POST, "/v1/strategies/validate", strategies_validate, TRADER, WORKER, N)
ROUTE(GET, "/v1/strategies/schema", strategies_schema, VIEWER, INLINE, N)
ROUTE(GET, "/v1/strategies/{id}", strategies_get, VIEWER, WORKER, N)
ROUTE(DELETE, "/v1/strategies/{id}", strategies_retire, ADMIN, WORKER, N)
ROUTE(GET, "/v1/strategies/{id}/document", strategies_document, VIEWER, WORKER, N)
ROUTE(GET, "/v1/strategies/{id}/diff", strategies_diff, VIEWER, WORKER, N)
ROUTE(POST, "/v1/strategies/{id}/check", strategies_check, TRADER, WORKER, N)
ROUTE(POST, "/v1/strategies/{id}/activate", strategies_activate, TRADER, WORKER, N)
ROUTE(POST, "/v1/strategies/{id}/deactivate", strategies_deactivate, TRADER, WORKER, N)
ROUTE(GET, "/v1/strategy_activations", activations_list, VIEWER, WORKER, N)
ROUTE(GET, "/v1/strategy", strategy_get, VIEWER, WORKER, N)
ROUTE(POST, "/v1/strategy/rollback", strategy_rollback, TRADER, WORKER, K)

ROUTE(GET, "/v1/backtests", backtests_list, VIEWER, INLINE, N)
ROUTE(POST, "/v1/backtests", backtests_create, TRADER, WORKER, KEY)
ROUTE(GET, "/v1/backtests/{id}", backtests_get, VIEWER, INLINE, N)
ROUTE(DELETE, "/v1/backtests/{id}", backtests_cancel, TRADER, WORKER, N)
ROUTE(GET, "/v1/backtests/{id}/report", backtests_report, VIEWER, INLINE, N)
ROUTE(GET, "/v1/backtests/{id}/trades", backtests_trades, VIEWER, INLINE, N)
ROUTE(GET, "/v1/backtests/{id}/equity", backtests_equity, VIEWER, INLINE, N)

ROUTE(GET, "/v1/metrics", metrics_get, VIEWER, INLINE, N)
ROUTE(GET, "/v1/metrics/equity", metrics_equity, VIEWER, WORKER, N)
ROUTE(GET, "/v1/account", account_get, VIEWER, INLINE, N)

ROUTE(GET, "/v1/whoami", whoami_get, VIEWER, INLINE, N)
ROUTE(GET, "/v1/tokens", tokens_list, ADMIN, WORKER, N)
ROUTE(POST, "/v1/tokens", tokens_create, ADMIN, WORKER, K)
ROUTE(DELETE, "/v1/tokens/{id}", tokens_revoke, ADMIN, WORKER, N)
