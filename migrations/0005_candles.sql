-- Recorded candles: one row a candle, values as scaled integers.
--
-- A bigint takes 8 bytes and is copied as it is; numeric would take 10 to 16 and be parsed digit by
-- digit each way.  The scale stands once, in the series; the view candle_decimal has the decimals.
-- The wide columns come first, so that no row has padding between them.

CREATE TABLE candle_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue text NOT NULL,
    symbol text NOT NULL CHECK (symbol <> ''),
    timeframe text NOT NULL CHECK (timeframe IN
        ('1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d')),
    price_scale smallint NOT NULL CHECK (price_scale BETWEEN 0 AND 12),
    size_scale smallint NOT NULL CHECK (size_scale BETWEEN 0 AND 12),
    candles bigint NOT NULL DEFAULT 0 CHECK (candles >= 0),
    first_at timestamptz,
    last_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (symbol, timeframe, venue)
);
COMMENT ON TABLE candle_series IS
    'A recording of one symbol and timeframe; its row is locked while candles are written.';
COMMENT ON COLUMN candle_series.id IS 'What candle.series refers to.';
COMMENT ON COLUMN candle_series.venue IS
    'Where the candles come from, as the importer called it; may be empty.';
COMMENT ON COLUMN candle_series.symbol IS 'Unified: BTC/USDT, perpetuals BTC/USDT:USDT.';
COMMENT ON COLUMN candle_series.timeframe IS 'Length of a candle.';
COMMENT ON COLUMN candle_series.price_scale IS 'A price is candle.open / 10^price_scale, and so on.';
COMMENT ON COLUMN candle_series.size_scale IS 'A volume is candle.volume / 10^size_scale.';
COMMENT ON COLUMN candle_series.candles IS 'How many rows it has, kept by the writer.';
COMMENT ON COLUMN candle_series.first_at IS 'When its first candle opens.';
COMMENT ON COLUMN candle_series.last_at IS 'When its last candle opens.';
COMMENT ON COLUMN candle_series.updated_at IS 'When candles were last added or replaced.';

-- No foreign key: it would be looked up for each of ten million rows of one COPY.  Rows come from
-- the one writer, which holds the series' row locked, and go with it by the trigger below.
CREATE TABLE candle (
    open_at timestamptz NOT NULL,
    open bigint NOT NULL,
    high bigint NOT NULL,
    low bigint NOT NULL,
    close bigint NOT NULL,
    volume bigint NOT NULL,
    series integer NOT NULL,
    PRIMARY KEY (series, open_at),
    CONSTRAINT candle_is_sound CHECK (low > 0 AND low <= open AND low <= close AND open <= high
        AND close <= high AND high < 1000000000000000000
        AND volume >= 0 AND volume < 1000000000000000000)
);
COMMENT ON TABLE candle IS 'Candles as scaled integers; candle_decimal shows them as decimals.';
COMMENT ON COLUMN candle.open_at IS 'When it opens; it is known one timeframe later.';
COMMENT ON COLUMN candle.open IS 'Scaled by candle_series.price_scale, as high, low and close.';
COMMENT ON COLUMN candle.volume IS 'Base currency, scaled by candle_series.size_scale.';
COMMENT ON COLUMN candle.series IS 'candle_series.id.';

CREATE FUNCTION candle_series_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM candle WHERE series = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER candle_series_ends AFTER DELETE ON candle_series
    FOR EACH ROW EXECUTE FUNCTION candle_series_ends();

CREATE VIEW candle_decimal AS
    SELECT s.venue, s.symbol, s.timeframe, c.open_at,
        round(c.open / power(10::numeric, s.price_scale), s.price_scale) AS open,
        round(c.high / power(10::numeric, s.price_scale), s.price_scale) AS high,
        round(c.low / power(10::numeric, s.price_scale), s.price_scale) AS low,
        round(c.close / power(10::numeric, s.price_scale), s.price_scale) AS close,
        round(c.volume / power(10::numeric, s.size_scale), s.size_scale) AS volume
    FROM candle_series s JOIN candle c ON c.series = s.id;
COMMENT ON VIEW candle_decimal IS 'Candles as people write them.';
