"""What a handler receives: core values rendered as the JSON events AWS sends."""
