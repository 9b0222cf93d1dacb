"""API Gateway v1's API: REST APIs written down, deployed, imported, exported and told."""
