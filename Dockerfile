# One image for every service of docker-compose.yml: the project and the packages of requirements.lock, run by an ordinary user.
# BASE is any Debian image with Python 3.11 to 3.13 and its venv module; tests/containers/run_compose.sh gives one made without a registry.
ARG BASE=docker.io/library/python:3.12-slim-bookworm
FROM ${BASE}

# A package mirror and its certificate, where the build runs behind one. Nothing of them stays in the image.
ARG PIP_INDEX_URL
ARG PIP_CERT
ARG SSL_CERT_FILE

WORKDIR /srv/guitu
COPY requirements.bootstrap requirements.lock ./
RUN useradd --uid 10001 --user-group --create-home guitu \
 && install -d -o guitu -g guitu -m 0700 /var/lib/guitu /var/lib/guitu/keys /var/lib/guitu/raw /var/lib/guitu/province /var/lib/guitu/sandbox /var/lib/guitu/airflow \
 && python3 -m venv .venv \
 && .venv/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements.bootstrap \
 && UV_DEFAULT_INDEX="${PIP_INDEX_URL:-https://pypi.org/simple}" \
    .venv/bin/uv pip sync --quiet --no-cache --python .venv/bin/python --require-hashes --compile-bytecode requirements.lock
COPY . .

USER guitu
ENV PATH=/srv/guitu/.venv/bin:$PATH \
    PYTHONPATH=/srv/guitu:/srv/guitu/pipeline/at_start \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GUITU_HOME=/var/lib/guitu \
    GUITU_KEYS=/var/lib/guitu/keys \
    GUITU_RAW_URL=file:///var/lib/guitu/raw \
    AIRFLOW_HOME=/var/lib/guitu/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/srv/guitu/dags

# True for every service that talks to the warehouse; docker-compose.yml says more exactly what each one must answer.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "import os, psycopg; psycopg.connect(os.environ['GUITU_DATABASE_URL'].replace('+psycopg', ''), connect_timeout=5).close()"]
CMD ["python", "-m", "pipeline", "run-all"]
