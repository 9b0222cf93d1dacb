"""Amazon SNS: its operations by name, and its errors."""
