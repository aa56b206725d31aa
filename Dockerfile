# The image of hotline: one binary on a small Debian, run by a user without rights.
#   docker build -t hotline .
# Needs BuildKit, the default since Docker 23, for the build caches. Linted, but not yet built anywhere.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The caches hold crates and compiled dependencies from one build to the next; they are no part of the
# image, so the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin hotline \
    && install -D --strip target/release/hotline /out/hotline

FROM debian:bookworm-slim
# Roots of trust for HTTPS to gateways and stores: the newest, whatever their version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# A fixed number, so that the owner of a mounted folder can be set from outside.
RUN groupadd --gid 10001 hotline \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin hotline \
    && install -d -o hotline -g hotline -m 0700 /data
COPY --from=build /out/hotline /usr/local/bin/hotline

USER 10001:10001
WORKDIR /data
# Defaults for a container alone: SQLite and attachments in the volume. All else has its default in the
# program, and secrets come from outside.
ENV HOTLINE_SERVER__LISTEN=0.0.0.0:8080 \
    HOTLINE_DATABASE__URL=sqlite:///data/hotline.sqlite \
    HOTLINE_BLOB__URL=file:///data/attachments
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["hotline", "healthcheck"]
ENTRYPOINT ["hotline"]
CMD ["serve"]
