"""WebSocket APIs: routes by what a message says, and connections that end by the clock."""
