#!/usr/bin/env bash
# Runs docker-compose.yml once, for real, with podman and without an image registry: base images are made by debootstrap, then
# everything is built, started in order, the main job run through Airflow, its result looked at, and all but the images removed again.
# Not part of `make test`: it needs root, about 6 GB and ten minutes, four when the images are there. What was seen: docs/containers.md.
#
#   apt-get install --no-install-recommends podman buildah runc netavark aardvark-dns containernetworking-plugins podman-compose debootstrap
#   PERSONS=120 tests/containers/run_compose.sh   KEEP=1 leaves the stack running; WORK=<dir> keeps images and base between runs
set -euo pipefail
cd "$(dirname "$0")/../.."

WORK=${WORK:-$(mktemp -d)}
DRIVER=${DRIVER:-overlay} # vfs where the kernel gives no overlay: slow, and every layer is a full copy
export PERSONS=${PERSONS:-120}
export BASE_IMAGE=${BASE_IMAGE:-localhost/guitu-base:bookworm}
export POSTGRES_IMAGE=localhost/guitu-postgres:bookworm
export GUITU_IMAGE=localhost/guitu:dev
export AIRFLOW_PORT=${AIRFLOW_PORT:-18080} POSTGRES_PORT=${POSTGRES_PORT:-15432} INTAKE_PORT=${INTAKE_PORT:-18443}
export CONTAINERS_CONF=$WORK/containers.conf CONTAINERS_STORAGE_CONF=$WORK/storage.conf

mkdir -p "$WORK"
cat > "$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
CONF
cat > "$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "$DRIVER"
graphroot = "$WORK/images"
runroot = "$WORK/run"
CONF

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
# podman-compose repeats every command with its secrets on both streams: that goes to a file of its owner, and `run` shows the rest.
(umask 077 && : > "$WORK/compose.log")
compose() { podman-compose -p guitu "$@" 2>> "$WORK/compose.log"; }
run() { compose run --no-deps --rm "$1" | sed -u -e 's/\r$//' -e '1,/^podman run /d' -e '/^podman \|^\[.podman\|^exit code/d'; }

finish() {
  status=$?
  if [ "$status" != 0 ]; then
    for name in $(podman ps -a --format '{{.Names}}'); do echo "--- $name"; podman logs --tail 25 "$name" 2>&1 || true; done
  fi
  if [ -z "${KEEP:-}" ]; then # Debian's podman-compose leaves the network
    compose down -v >/dev/null 2>&1 || true
    podman network rm -f guitu_default >/dev/null 2>&1 || true
  fi
  exit "$status"
}
trap finish EXIT

if ! podman image exists "$BASE_IMAGE"; then
  say "base image by debootstrap"
  [ -x "$WORK/base/usr/bin/python3" ] ||
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,postgresql,netbase,procps bookworm "$WORK/base" > "$WORK/debootstrap.log"
  cp /etc/ssl/certs/ca-certificates.crt "$WORK/base/etc/ssl/certs/" # a private authority in front of the package index, if there is one
  tar -C "$WORK/base" -c . | podman import -q - "$BASE_IMAGE"
fi
say "images"
podman build -q --isolation chroot --format docker --build-arg BASE="$BASE_IMAGE" -t "$POSTGRES_IMAGE" tests/containers/postgres
podman build -q --isolation chroot --format docker --build-arg BASE="$BASE_IMAGE" \
  --build-arg SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt --build-arg PIP_CERT=/etc/ssl/certs/ca-certificates.crt -t "$GUITU_IMAGE" .
podman image prune -f >/dev/null
podman images --format '{{.Repository}}:{{.Tag}} {{.Size}}'

# shellcheck disable=SC2046
export $(python3 - <<'PYTHON'
import base64, os, secrets
for name in ("POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY"):
    print(f"{name}={secrets.token_urlsafe(48)}")
print(f"FERNET_KEY={base64.urlsafe_b64encode(os.urandom(32)).decode()}")
PYTHON
)

# Debian's podman-compose starts in order but does not wait for conditions, so that each stage is waited for here.
say "postgres"
compose up -d postgres >/dev/null
until podman exec guitu_postgres_1 pg_isready -q -h 127.0.0.1 -U guitu; do sleep 1; done
say "prepare"
run prepare
say "sandbox, intake and Airflow"
compose up -d --no-build sandbox intake airflow-api airflow-dag-processor airflow-triggerer airflow-scheduler >/dev/null
say "main job"
run main-job | tee "$WORK/main-job.txt"

say "looking at the result"
handoffs=$(podman exec -e PGPASSWORD="$POSTGRES_PASSWORD" guitu_postgres_1 \
  psql -h 127.0.0.1 -U guitu -d guitu -Atc "select count(*) from published.handoffs")
echo "published.handoffs: $handoffs rows"
[ "$handoffs" -gt 0 ]
say "a centre's key, and a signed push"
# Inside the intake's container, where its address is the one that is signed for.
podman exec guitu_intake_1 sh -euc '
  client="python -m portal.centre_client --folder /tmp/centre"
  $client keygen --centre 140100Q001 --url http://127.0.0.1:8443
  python -m warehouse register-centre 140100Q001 /tmp/centre/*.pub.pem
  sleep 3
  $client push --once --nil 202610'
carried="select count(*) from landing.push where carried_at is not null"
for _ in $(seq 120); do
  found=$(podman exec -e PGPASSWORD="$POSTGRES_PASSWORD" guitu_postgres_1 psql -h 127.0.0.1 -U guitu -d guitu -Atc "$carried")
  [ "$found" -gt 0 ] && break
  sleep 1
done
say "pushes carried through by Airflow's event: $found"
[ "$found" -gt 0 ]
grep -q "Every row received has exactly one fate" "$WORK/main-job.txt"
echo "listening beyond loopback:"
if podman ps --format '{{.Ports}}' | tr ',' '\n' | grep -E '[0-9]->' | grep -v '127\.0\.0\.1:'; then exit 1; else echo "  nothing"; fi
podman stats --no-stream --format '{{.Name}} {{.MemUsage}}' || true
say "done"
