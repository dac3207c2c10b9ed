# Build   docker build -t jiebang .
# Run     docker run -p 8000:8000 -v jiebang:/data jiebang
# Secrets give MARKETPLACE_SECRET_KEY (32 characters or more); without it a key file is made in
#         /data, and whoever loses that volume can open no sealed bid any more.
# Migrate `jiebang serve` brings the database to the newest schema before it listens. To do it as a
#         step of its own, before new servers start: docker run --rm -v jiebang:/data jiebang jiebang migrate
# PostgreSQL  give MARKETPLACE_DATABASE_URL=postgresql+asyncpg://user:password@host/name

FROM python:3.13-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /venv
# The lock before the code: a change of the code does not install everything again.
COPY requirements.lock ./
RUN /venv/bin/python -m pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY .ci/runtime_only.py ./
COPY marketplace ./marketplace
# An editable install keeps the package beside migrations and seeds, where it looks for them.
RUN mkdir /app && cp -r pyproject.toml README.md LICENSE marketplace /app/ \
 && /venv/bin/python -m pip install --no-deps --no-build-isolation -e /app \
 && /venv/bin/python runtime_only.py \
 && /venv/bin/python -m compileall -q /app/marketplace

FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /data --create-home jiebang
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY migrations /app/migrations
COPY seeds /app/seeds

ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MARKETPLACE_DATA_DIR=/data
WORKDIR /app
USER jiebang
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["jiebang", "serve", "--host", "0.0.0.0"]
