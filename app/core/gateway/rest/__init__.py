"""REST APIs (API Gateway v1): resources and methods, integrations with mapping templates, validators, usage plans."""
