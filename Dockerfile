# The image of traderd: compiled in one stage, run in a slim one as an ordinary user.
#
#   docker build -t traderd .
#   docker run --read-only --tmpfs /tmp -v traderd:/var/lib/traderd -p 127.0.0.1:8080:8080 traderd
#   docker exec CONTAINER cat /var/lib/traderd/admin.token

FROM debian:bookworm-slim AS build
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
        build-essential pkg-config ca-certificates libmicrohttpd-dev libjansson-dev \
        libcurl4-openssl-dev libssl-dev libpq-dev zlib1g-dev libzstd-dev python3 python3-yaml && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The context has no history: name the revision with --build-arg.
ARG TRADERD_REVISION=unknown
ARG SOURCE_DATE_EPOCH=0
RUN make all && \
    make install PREFIX=/usr DESTDIR=/out

FROM debian:bookworm-slim
RUN mkdir -p /etc/postgresql-common && \
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf && \
    apt-get update && \
    apt-get install -y --no-install-recommends \
        postgresql-15 libmicrohttpd12 libjansson4 libcurl4 libssl3 libpq5 zlib1g libzstd1 \
        ca-certificates curl && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --uid 10001 --home-dir /var/lib/traderd --shell /usr/sbin/nologin traderd && \
    install -d -o traderd -g traderd -m 0750 /var/lib/traderd
COPY --from=build /out/ /

# Only these two are written to: the volume, and /tmp, which may be a tmpfs.
VOLUME /var/lib/traderd
USER traderd
WORKDIR /var/lib/traderd

# Inside the container every address is the container's own; what is reachable is decided by -p.
# Off loopback /metrics needs a token.  For TLS set TRADERD_TLS_CERT and TRADERD_TLS_KEY.
ENV TRADERD_LISTEN=0.0.0.0:8080 \
    TRADERD_INSECURE_BIND=true \
    TRADERD_METRICS_AUTH=viewer
EXPOSE 8080

# The unix socket answers whatever the address and with or without TLS.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "-fsS", "-o", "/dev/null", "--unix-socket", "/var/lib/traderd/traderd.sock", \
         "http://localhost/healthz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/traderd", "serve"]
CMD ["--data", "/var/lib/traderd"]
