"""API Gateway v2's API: HTTP and WebSocket APIs created, changed, imported and told."""
