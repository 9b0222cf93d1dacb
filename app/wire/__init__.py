"""AWS's bytes to core values and back, pure; one module a service API."""
