# The server alone: `consort serve` with OpenVINO, without libtorch.
#   docker build -t consort .
#   docker run --rm -p 8080:8080 -v "$PWD/my-ensemble:/models/my-ensemble:ro" consort serve /models/my-ensemble --host 0.0.0.0
# Takes Swift and Debian from Docker Hub, packages from Debian's, wheels with pinned hashes from PyPI (scripts/setup), and
# nothing else. Building takes 4 GB of memory.
FROM swift:6.3.1-bookworm AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /consort
# What changes seldom comes first: libraries stay as they are where only sources change.
COPY scripts/setup scripts/requirements-*.txt scripts/
RUN scripts/setup
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
COPY Benchmarks Benchmarks
COPY deploy/collect deploy/
RUN swift build -c release --product consort \
 && deploy/collect .build/release/consort /opt/consort

# Trains too, with libtorch: docker build --target train -t consort-train .  (for GPUs: --build-arg SETUP=--cuda)
FROM build AS train
ARG SETUP=
RUN scripts/setup $SETUP \
 && swift build -c release
USER 10001
ENTRYPOINT ["/consort/.build/release/consort"]
CMD ["train", "--help"]

FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates libgcc-s1 libjpeg62-turbo libpng16-16 libssl3 libstdc++6 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/consort --create-home consort
COPY --from=build /opt/consort /opt/consort
COPY deploy/health-check /usr/local/bin/health-check
RUN ln -s /opt/consort/consort /usr/local/bin/consort
# Compiled models are kept here.
ENV XDG_CACHE_HOME=/var/lib/consort
USER 10001
WORKDIR /models
EXPOSE 8080
# SIGTERM lets it answer what was asked: more than the 10 s that Docker waits by default (docker stop --time 30).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["health-check"]
ENTRYPOINT ["consort"]
CMD ["serve", "--help"]
