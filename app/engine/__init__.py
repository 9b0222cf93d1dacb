"""The only place that waits: the clock, the loop, the journal and the ports."""
