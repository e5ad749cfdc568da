// SPDX-License-Identifier: Apache-2.0
// Plays calls.json and the recorded errors with ccxt's JavaScript client, unmodified, on a sandbox.
//
// verdict.mjs CCXT_FOLDER BASE_URL ERRORS.json: prints {spot: {calls, errors}, usdm: ...} as JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [place, base, errorsPath] = process.argv.slice(2);
const ccxt = (await import(pathToFileURL(join(place, 'node_modules/ccxt/js/ccxt.js')))).default;
const calls = JSON.parse(readFileSync(new URL('./calls.json', import.meta.url)));
const errors = JSON.parse(readFileSync(errorsPath));

// Error classes depend on the URL, so the URLs stay and the connection goes elsewhere.
function redirected(exchange) {
    exchange.fetchImplementation = (url, options = {}) => {
        const { agent, timeout, ...rest } = options;
        return fetch(url.replace(/^https:\/\/[^/]+/, base), rest);
    };
    return exchange;
}

// The other way: the URLs themselves are changed.
function rewritten(exchange) {
    for (const [name, url] of Object.entries(exchange.urls.api))
        exchange.urls.api[name] = url.replace(/^https:\/\/[^/]+/, base);
    return exchange;
}

function make(kind, change) {
    const options = { apiKey: 'sandbox', secret: 'sandbox', enableRateLimit: false };
    return change(new ccxt[kind === 'spot' ? 'binance' : 'binanceusdm'](options));
}

function filledIn(value, at) {
    if (value === '$S') return at.symbol;
    if (value === null) return undefined;
    if (Array.isArray(value)) return value.map((item) => filledIn(item, at));
    if (typeof value !== 'object') return value;
    if ('price' in value && typeof value.price === 'number' && Object.keys(value).length === 1)
        return at.price * value.price;
    if ('ago_ms' in value) return at.time - value.ago_ms;
    if ('saved' in value) return at.saved[value.saved].id;
    if ('client' in value) return at.saved[value.client].clientOrderId;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filledIn(v, at)]));
}

function member(value, path) {
    return path.split('.').reduce((v, name) => v?.[name], value);
}

async function playCall(exchange, call, at) {
    try {
        const answer = await exchange[call.method](...filledIn(call.args, at));
        if (call.save) at.saved[call.save] = answer;
        for (const [path, wanted] of Object.entries(call.expect ?? {})) {
            const got = member(answer, path);
            if (got !== (wanted === '$S' ? at.symbol : wanted)) return `${path} is ${got}, not ${wanted}`;
        }
        return 'ok';
    } catch (e) {
        return `${e.constructor.name}: ${e.message.slice(0, 120)}`;
    }
}

async function playCalls(kind) {
    const exchange = make(kind, redirected);
    const at = { symbol: kind === 'spot' ? 'BTC/USDT' : 'BTC/USDT:USDT', saved: {} };
    const verdicts = {};
    try {
        await exchange.loadMarkets();
        at.time = await exchange.fetchTime();
        at.price = (await exchange.fetchTicker(at.symbol)).last;
        verdicts.loadMarkets = exchange.markets[at.symbol] ? 'ok' : 'the market is missing';
    } catch (e) {
        return { loadMarkets: `${e.constructor.name}: ${e.message.slice(0, 200)}` };
    }
    for (const call of calls)
        if (!call.only || call.only === kind) verdicts[call.name] = await playCall(exchange, call, at);
    return verdicts;
}

function chain(error) {
    const names = [];
    for (let c = error.constructor; c && c.name && c !== Error; c = Object.getPrototypeOf(c))
        names.push(c.name);
    return names.slice(0, names[0] === 'TypeError' ? 1 : undefined).join('<');
}

async function provoke(exchange, error, symbol) {
    const body = typeof error.body === 'string' ? error.body : JSON.stringify(error.body);
    const deed = error.status ? `http(${error.status}, ${body})`
        : error.hang ? 'delay_resp(1s)' : 'drop_resp';

    await fetch(`${base}/sandbox/faults`, { method: 'DELETE' });
    const posted = await fetch(`${base}/sandbox/faults`, { method: 'POST', body: `next 1 on query : ${deed}` });
    if (!posted.ok) return `fault refused: ${await posted.text()}`;
    delete exchange.options.hasAlreadyAuthenticatedSuccessfully;
    exchange.timeout = error.hang ? 300 : 10000;
    try {
        await exchange.fetchOrder("1", symbol);
        return 'nothing';
    } catch (e) {
        return chain(e);
    }
}

// The classes were recorded with the one client that knows both markets.
async function playErrors(kind, change) {
    const exchange = make('spot', change);

    exchange.options.defaultType = kind === 'spot' ? 'spot' : 'future';
    const symbol = kind === 'spot' ? 'BTC/USDT' : 'BTC/USDT:USDT';
    const seen = {};

    await exchange.loadMarkets();
    for (const [name, error] of Object.entries(errors))
        seen[name] = await provoke(exchange, { ...error, hang: name.startsWith('hang') }, symbol);
    await fetch(`${base}/sandbox/faults`, { method: 'DELETE' });
    return seen;
}

const result = {};
for (const kind of ['spot', 'usdm'])
    result[kind] = {
        calls: await playCalls(kind),
        rewrite: await playErrors(kind, redirected),
        url: await playErrors(kind, rewritten),
    };
console.log(JSON.stringify(result));
