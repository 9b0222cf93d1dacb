"""Event source mappings: they receive from queues, gather batches, and settle what came of them."""
