# Triggerfish alone, on a slim Python, as an unprivileged user. compose.yaml shows it beside functions.
FROM python:3.13-slim AS build

WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY event_templates event_templates
COPY app app
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim

RUN useradd --create-home --uid 10001 triggerfish
COPY --from=build /venv /venv
USER triggerfish
WORKDIR /home/triggerfish
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 4566
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 4566), 2).close()"]
ENTRYPOINT ["triggerfish"]
CMD ["up"]
