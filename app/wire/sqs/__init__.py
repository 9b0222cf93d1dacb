"""Amazon SQS: operations by name, the paths through its two protocols, and its errors."""
