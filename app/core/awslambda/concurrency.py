"""Who may run at once: what is reserved and provisioned, what the others share, how fast there may be more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from app.core.awslambda.invocation import Throttled
from app.core.errors import InvalidParameterValue
from app.core.limits import Limits
from app.core.names import Arn, Scope, parse_arn
from app.core.rate import Allowance
from app.core.time import SECOND_MS, Instant
from app.core.value import value


class Bound(Enum):
    """Which limit a call ran into, with AWS's word for it where one does."""

    RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
    ACCOUNT = "ConcurrentInvocationLimitExceeded"
    WHOLE_ACCOUNT = "ConcurrentInvocationLimitExceeded of all"
    SCALING = "ConcurrentInvocationLimitExceeded of scaling"
    RESERVED_RATE = "ReservedFunctionInvocationRateLimitExceeded"
    RATE = "FunctionInvocationRateLimitExceeded"

    @property
    def reason(self) -> str:
        """The `Reason` of a TooManyRequestsException. For scaling it is UNCONFIRMED: the API names none of its own."""
        return self.value.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A limit that is reached: `used` of `limit`."""

    bound: Bound
    used: int
    limit: int

    @property
    def throttled(self) -> Throttled:
        return Throttled(self.bound.reason)


@value(frozen=True, slots=True)
class Seat:
    """The place that a call takes. `is_spillover` says that the version has provisioned environments, all busy."""

    version: str
    is_provisioned: bool = False
    is_spillover: bool = False


@dataclass(slots=True)
class Use:
    """What a function has, and what it uses of it. `warm` is how many environments AWS would have by now for what is
    not provisioned: they take a while to be had, and are then there for the next call."""

    account: "Account"
    reserved: int | None
    provisioned: dict[str, int]
    environments: Allowance
    requests: Allowance | None
    on_demand: int = 0
    in_provisioned: dict[str, int] = field(default_factory=dict)
    warm: int = 0

    @property
    def running(self) -> int:
        return self.on_demand + sum(self.in_provisioned.values())

    @property
    def provisioned_total(self) -> int:
        return sum(self.provisioned.values())

    def has_provisioned_seat(self, version: str) -> bool:
        return self.in_provisioned.get(version, 0) < self.provisioned.get(version, 0)


@dataclass(slots=True)
class Account:
    """What the functions of one account in one region share. `reserved` and `provisioned` are set apart for some of
    them; `unreserved` is what the others run on demand."""

    requests: Allowance | None
    reserved: int = 0
    provisioned: int = 0
    unreserved: int = 0
    running: int = 0


class Concurrency:
    """The concurrency of every function: a call asks for its obstacle, takes a seat, gives it back. Each is O(1)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._accounts: dict[Scope, Account] = {}
        self._uses: dict[Arn, Use] = {}

    # Reading --------------------------------------------------------------------------------------------

    def use_of(self, function: Arn) -> Use:
        """Of a function that was configured."""
        return self._uses[function]

    def account_of(self, function: Arn) -> Account:
        """The account that the function is in."""
        scope = parse_arn(function).scope
        account = self._accounts.get(scope)
        if account is None:
            account = self._accounts[scope] = Account(self._requests(self._limits.account_concurrency))
        return account

    def shared(self, function: Arn) -> int:
        """How many executions the functions without a reservation have together in the function's account."""
        return self._shared(self.account_of(function))

    # Configuring ----------------------------------------------------------------------------------------

    def check_reserved(self, function: Arn, reserved: int | None) -> None:
        """Whether so much can be reserved. Raises InvalidParameterValue in AWS's words (S:lam)."""
        use, account = self._uses.get(function), self.account_of(function)
        if reserved is None:
            return
        provisioned = use.provisioned_total if use else 0
        if provisioned > reserved:
            # The spaces are as recorded (S:lam/test_reserved_provisioned_overlap).
            raise InvalidParameterValue(
                f" ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned "
                f"concurrency [{provisioned}]."
            )
        others = account.reserved + account.provisioned - (_set_apart(use) if use else 0)
        if self._limits.account_concurrency - others - reserved < self._limits.unreserved_concurrency:
            raise InvalidParameterValue(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{self._limits.unreserved_concurrency}]."
            )

    def check_provisioned(self, function: Arn, version: str, requested: int) -> None:
        """Whether so much can be provisioned for the version. Raises InvalidParameterValue."""
        use, account = self._uses[function], self.account_of(function)
        total = use.provisioned_total - use.provisioned.get(version, 0) + requested
        if use.reserved is not None:
            if total > use.reserved:
                raise InvalidParameterValue(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                    "function"
                )
            return
        others = account.reserved + account.provisioned - _set_apart(use)
        if self._limits.account_concurrency - others - total < self._limits.unreserved_concurrency:
            # The text is UNCONFIRMED: that of a reservation, with the member of this request.
            raise InvalidParameterValue(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                f"its minimum value of [{self._limits.unreserved_concurrency}]."
            )

    def configure(self, function: Arn, reserved: int | None, provisioned: Mapping[str, int], *, now: Instant) -> None:
        """What is set of the function from now on. What runs keeps its seat, though it may be one too many."""
        account, use = self.account_of(function), self._uses.get(function)
        if use is None:
            environments = Allowance(self._limits.scaling_environments, self._limits.scaling_interval_ms)
            use = Use(account, None, {}, environments, None)
            self._uses[function] = use
        if use.reserved == reserved and use.provisioned == provisioned:
            return
        self._leave(account, use)
        use.requests = self._requests(reserved) if reserved is not None else None
        use.reserved, use.provisioned = reserved, dict(provisioned)
        for version, running in use.in_provisioned.items():
            # What runs where nothing is provisioned any more runs on demand from now on.
            excess = max(0, running - use.provisioned.get(version, 0))
            use.in_provisioned[version] -= excess
            use.on_demand += excess
        use.warm = max(use.warm, use.on_demand)
        self._join(account, use)

    def forget(self, function: Arn) -> None:
        """The function is gone, and with it what it used."""
        use = self._uses.pop(function, None)
        if use is not None:
            account = self.account_of(function)
            account.running -= use.running
            self._leave(account, use)

    # Running --------------------------------------------------------------------------------------------

    def obstacle(self, function: Arn, version: str, *, is_synchronous: bool, now: Instant) -> Obstacle | None:
        """What forbids one more call of the version now; None if nothing does. Nothing is taken by asking.

        Concurrency comes before rates, the function's own limit before the account's; which of two limits that are
        both reached AWS names is UNCONFIRMED.
        """
        use = self._uses[function]
        account = use.account
        if not use.has_provisioned_seat(version):
            if use.reserved is not None:
                # What is provisioned is set apart even from the function's own other versions.
                limit = use.reserved - use.provisioned_total
                if use.on_demand >= limit:
                    return Obstacle(Bound.RESERVED, use.running, use.reserved)
            elif account.unreserved >= (shared := self._shared(account)):
                return Obstacle(Bound.ACCOUNT, account.unreserved, shared)
        if account.running >= (most := self._limits.account_concurrency):
            # Where reservations changed while others ran, what is set apart may be in use for a while.
            return Obstacle(Bound.WHOLE_ACCOUNT, account.running, most)
        needs_environment = not use.has_provisioned_seat(version) and use.on_demand >= use.warm
        if needs_environment and not use.environments.has_one(now):
            return Obstacle(Bound.SCALING, use.on_demand, self._limits.scaling_environments)
        if is_synchronous:
            if use.requests is not None and not use.requests.has_one(now):
                return Obstacle(Bound.RESERVED_RATE, use.requests.size, use.requests.size)
            if use.requests is None and account.requests is not None and not account.requests.has_one(now):
                return Obstacle(Bound.RATE, account.requests.size, account.requests.size)
        return None

    def take(self, function: Arn, version: str, *, is_synchronous: bool, now: Instant) -> Seat:
        """A seat for one more call, which has no obstacle."""
        use = self._uses[function]
        account = use.account
        requests = use.requests or account.requests
        if is_synchronous and requests is not None:
            requests.take_one(now)
        account.running += 1
        if use.has_provisioned_seat(version):
            use.in_provisioned[version] = use.in_provisioned.get(version, 0) + 1
            return Seat(version, is_provisioned=True)
        if use.on_demand >= use.warm:
            use.environments.take_one(now)
            use.warm += 1
        use.on_demand += 1
        if use.reserved is None:
            account.unreserved += 1
        return Seat(version, is_spillover=use.provisioned.get(version, 0) > 0)

    def give_back(self, function: Arn, seat: Seat) -> None:
        """The call is over, or will not be made."""
        use = self._uses[function]
        account = use.account
        account.running -= 1
        if seat.is_provisioned and use.in_provisioned.get(seat.version, 0):
            use.in_provisioned[seat.version] -= 1
            return
        use.on_demand -= 1
        if use.reserved is None:
            account.unreserved -= 1

    # Inside ---------------------------------------------------------------------------------------------

    def _shared(self, account: Account) -> int:
        return max(0, self._limits.account_concurrency - account.reserved - account.provisioned)

    def _join(self, account: Account, use: Use) -> None:
        account.reserved += use.reserved or 0
        if use.reserved is None:
            account.provisioned += use.provisioned_total
            account.unreserved += use.on_demand

    def _leave(self, account: Account, use: Use) -> None:
        account.reserved -= use.reserved or 0
        if use.reserved is None:
            account.provisioned -= use.provisioned_total
            account.unreserved -= use.on_demand

    def _requests(self, concurrency: int) -> Allowance | None:
        each = self._limits.requests_per_execution_s
        return Allowance(each * concurrency, SECOND_MS) if each else None


def _set_apart(use: Use) -> int:
    """What the account cannot give to others because of this function; what is provisioned is within what is
    reserved."""
    return use.provisioned_total if use.reserved is None else use.reserved
