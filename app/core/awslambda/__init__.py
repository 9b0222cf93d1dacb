"""Lambda: functions with their versions and papers, invocations, asynchronous events, environments."""
