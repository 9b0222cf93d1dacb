"""AWS Lambda's REST API: Invoke, event source mappings, and the functions as far as tools look at them."""
