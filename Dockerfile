# The image of codex-backup: the single executable, and PostgreSQL's client programs beside it.
#   npm run build:image                              builds dist/codex-backup, then this, tagged codex-backup:VERSION
#   docker build --build-arg PGDG=no -t codex-backup .    with Debian's own client (15) only
FROM debian:bookworm-slim

# pg_dump must not be older than the server. Debian 12 has 15 alone; the PostgreSQL project's archive has all majors
# that are maintained. With PGDG=no that archive is not asked, and PG_MAJORS must be what Debian has.
ARG PGDG=yes
ARG PG_MAJORS="14 15 16 17 18"
RUN set -eu; \
    export DEBIAN_FRONTEND=noninteractive; \
    apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates libatomic1 libstdc++6 tini tzdata zstd postgresql-client-common; \
    if [ "$PGDG" = yes ]; then \
      apt-get install -y --no-install-recommends postgresql-common; \
      /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y; \
    fi; \
    for major in $PG_MAJORS; do apt-get install -y --no-install-recommends "postgresql-client-$major"; done; \
    if [ "$PGDG" = yes ]; then apt-get purge -y postgresql-common; apt-get autoremove -y; fi; \
    rm -rf /var/lib/apt/lists/*

# Numbers, not only names: Kubernetes' runAsNonRoot and owners of volumes go by them.
RUN groupadd --gid 10001 codex-backup \
 && useradd --uid 10001 --no-create-home --gid 10001 --home-dir /var/lib/codex-backup --shell /usr/sbin/nologin codex-backup \
 && install -d -o codex-backup -g codex-backup -m 0750 /var/lib/codex-backup \
 && install -d -o codex-backup -g codex-backup -m 0700 /backups \
 && install -d -m 0755 /etc/codex-backup

COPY --chmod=0644 LICENSE dist/THIRD-PARTY.txt /usr/share/doc/codex-backup/
COPY --chmod=0755 dist/codex-backup /usr/bin/codex-backup

USER 10001:10001
WORKDIR /var/lib/codex-backup
VOLUME ["/var/lib/codex-backup", "/backups"]

# Unhealthy when a job is stale (6) or the config does not hold, which is what matters of a backup.
HEALTHCHECK --interval=5m --timeout=30s --start-period=1m --retries=2 CMD ["codex-backup", "-q", "status"]

# tini buries the children that nobody waits for and hands signals on.
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/codex-backup"]
CMD ["serve"]
