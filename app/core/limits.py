"""Numbers with a source. `Limits` is passed in, so that a test or a setting can change one."""

from dataclasses import dataclass

from app.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

KIB = 1_024
MIB = 1_024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """AWS's quotas of November 2026; units last in each name."""

    # SQS developer guide, quotas-messages: 1 MiB since August 2025, for a batch as for one message.
    batch_bytes: int = MIB
    batch_entries: int = 10
    receive_messages: int = 10
    wait_time_s: int = 20
    delay_s: int = 900
    visibility_timeout_s: int = 43_200
    # About 120,000 messages in flight a standard queue; a short poll beyond it is refused (quotas-messages).
    in_flight_messages: int = 120_000
    # A standard queue puts a message to the back once it was received this often (SQS CloudWatch metrics page).
    receives_before_back: int = 3
    # Fair queues (sqs-fair-queues-detailed): a noisy tenant has at least 30 and more than a tenth of what is in flight.
    noisy_in_flight: int = 30
    noisy_share: float = 0.1
    purge_interval_ms: int = MINUTE_MS
    deduplication_ms: int = 5 * MINUTE_MS
    receive_attempt_ms: int = 5 * MINUTE_MS
    # SetQueueAttributes: most attributes take up to 60 s to spread. Only where a recording shows it is it kept to.
    deduplication_scope_change_ms: int = MINUTE_MS
    # CreateQueue within 60 s of DeleteQueue is QueueDeletedRecently on AWS. A local tool is torn down and set up
    # in one breath, so the default here is not to wait.
    recreate_interval_ms: int = 0

    # Message move tasks (StartMessageMoveTask; sqs-configure-dead-letter-queue-redrive): how many may run in an
    # account, and for how long one may.
    move_tasks_running: int = 100
    move_task_ms: int = 36 * HOUR_MS
    # Calls a second of each action on a FIFO queue that is not of high throughput: 300 on AWS (quotas-messages). Here
    # there is no quota by default: a clock that stands would count all calls of a test as one second's.
    fifo_calls_per_s: int = 0

    # WebSocket APIs (apigateway-limits): a connection lasts two hours at most, and ten minutes without a message.
    socket_lifetime_ms: int = 2 * HOUR_MS
    socket_idle_ms: int = 10 * MINUTE_MS

    # How long a client may take for the head of a request, be silent within its body, or take nothing of an answer.
    # Load balancers wait for 60 s unless they are told otherwise, API Gateway does not say (UNCONFIRMED).
    client_idle_ms: int = 30 * SECOND_MS

    # Lambda developer guide, with-sqs and services-sqs-scaling.
    batch_payload_bytes: int = 6 * MIB
    pollers_at_start: int = 5
    pollers_per_minute: int = 300
    pollers_at_most: int = 1_250
    # When traffic is low a mapping may come down to 2 (services-sqs-scaling); after how long is not published, and for
    # one whose invocations fail no number is.
    pollers_at_least: int = 2
    pollers_idle_ms: int = 5 * MINUTE_MS
    # How soon a poller asks again that SQS refused is not published.
    poll_again_ms: int = SECOND_MS
    # Provisioned mode (services-sqs-scaling): each poller takes 1 MB/s, polls ten times a second and runs up to 10
    # invocations, of which 1,000 more come a minute.
    bytes_per_poller_s: int = MIB
    polls_per_poller_s: int = 10
    invocations_per_poller: int = 10
    provisioned_per_minute: int = 1_000
    # How long a mapping is Creating, Enabling, Updating, …: minutes on AWS, a moment here (UNCONFIRMED there).
    mapping_transition_ms: int = 0
    # The archived guide of 2023: a poller with a batching window receives with an effective visibility timeout of
    # window + function timeout + 30 s, when window + function timeout exceed the queue's. The current page is silent.
    window_visibility_extra_s: int = 30

    # Filters of a mapping (invocation-eventfiltering; the service model for the characters).
    mapping_filters: int = 5
    filter_pattern_chars: int = 4_096

    # Event patterns: combinations of `$or` branches (eb-create-pattern-operators). How complex a wildcard may be is not
    # published; of those recorded, one of complexity 7 was taken and one of 11 refused.
    pattern_combinations: int = 1_000
    wildcard_complexity: int = 10

    # Lambda quotas, gettingstarted-limits; the asynchronous limit is 1 MB since October 2025.
    sync_payload_bytes: int = 6 * MIB
    async_payload_bytes: int = MIB

    # How long a function is Pending after CreateFunction and InProgress after an update: seconds on AWS, a moment here.
    function_transition_ms: int = 0
    # How long provisioned environments take to be ready: a minute or more on AWS, a moment here.
    provisioned_transition_ms: int = 0
    # How many environments a function that was created over the API may have: what a laptop bears.
    function_environments: int = 4
    # A deployment package (gettingstarted-limits): 50 MB in a request, 250 MB unzipped, layers included.
    zip_bytes: int = 50 * MIB
    unzipped_bytes: int = 262_144_000
    account_code_bytes: int = 80_530_636_800

    # Concurrency (configuration-concurrency): of an account's 1,000, at least 100 stay unreserved.
    account_concurrency: int = 1_000
    unreserved_concurrency: int = 100
    # Each function may have 1,000 environments more every 10 s, refilled evenly (lambda-concurrency).
    scaling_environments: int = 1_000
    scaling_interval_ms: int = 10 * SECOND_MS
    # Synchronous calls a second for each execution that a function, or the account, may have at once; 10 at AWS
    # (gettingstarted-limits). 0 is no quota: on a clock that stands, all calls would be of one second.
    requests_per_execution_s: int = 0

    # Asynchronous invocation (invocation-async-error-handling).
    async_retry_delays_ms: tuple[int, ...] = (MINUTE_MS, 2 * MINUTE_MS)
    async_backoff_first_ms: int = SECOND_MS
    async_backoff_most_ms: int = 5 * MINUTE_MS

    # HTTP API quotas (http-api-quotas): how long an authorizer function may take, in real time.
    authorizer_timeout_ms: int = 10 * SECOND_MS

    # Throttled batches are tried again with growing pauses; AWS does not publish the curve (UNCONFIRMED).
    throttle_backoff_first_ms: int = SECOND_MS
    throttle_backoff_most_ms: int = 30 * SECOND_MS

    # How many notification configurations a bucket has (users of S3 speak of a hundred; UNCONFIRMED).
    bucket_notifications: int = 100

    # SNS quotas (sns-quotas; publish; subscription-filter-policy-constraints).
    topic_message_bytes: int = 256 * KIB
    publish_batch_entries: int = 10
    filter_policy_bytes: int = 256 * KIB
    filter_policy_keys: int = 5
    filter_policy_combinations: int = 150
    filter_policies_per_topic: int = 200
    # A confirmation token is good for three days (API reference, ConfirmSubscription).
    confirmation_ms: int = 3 * DAY_MS
    # Retries to HTTP endpoints go on for an hour at most (sns-message-delivery-retries).
    http_retries_ms: int = HOUR_MS

    # EventBridge (eb-quota; the service model): an entry, and a request, of PutEvents has at most 256 KiB by the user
    # guide and as recorded in January 2025; reports of 2026 say 1 MiB.
    event_bytes: int = 256 * KIB
    buses: int = 100
    rules_per_bus: int = 300
    targets_per_rule: int = 5
    bus_policy_chars: int = 10_240
    # A delivery is tried for 24 hours and at most 185 times more (eb-rule-retry-policy). The curve between is not
    # published: doubled from a second to eight minutes, 185 retries just fill the 24 hours (UNCONFIRMED).
    event_retries: int = 185
    event_age_s: int = 86_400
    event_backoff_first_ms: int = SECOND_MS
    event_backoff_most_ms: int = 8 * MINUTE_MS
    # One batch has five minutes for its whole way through a pipe (eb-pipes-batching-concurrency), and what enriches it
    # answers 6 MB at most (pipes-enrichment).
    pipe_execution_ms: int = 5 * MINUTE_MS
    pipe_enrichment_bytes: int = 6 * MIB
    # A replay starts, and sends what a minute of the archive holds at once; how long either takes is not published.
    replay_start_ms: int = SECOND_MS
    replay_minute_ms: int = 100
    replays: int = 10

    # EventBridge Scheduler (scheduler-quotas; the service model): retries as rules have them, and a start that lies
    # back five minutes at most (as users quote its refusal).
    schedule_groups: int = 500
    schedules: int = 1_000_000
    schedule_start_late_ms: int = 5 * MINUTE_MS
    # How many requests with a client token are remembered, to answer one that comes twice as the first.
    client_tokens_kept: int = 1_000

    # Recursive loop detection: about 16 invocations in a chain of requests, the next is stopped (invocation-recursion).
    chain_invocations: int = 16
    chain_warning_at: int = 2
    chain_hops_kept: int = 100_000


DEFAULT_LIMITS = Limits()
