"""What was deployed fits together, whatever was asked and refused: nothing runs that is not there, and all of it can be
told."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.names import Arn
from tests.core.stage import SCOPE
from tests.properties.plays import Play
from tests.properties.plays_deployments import VERBS

steps = st.tuples(
    st.sampled_from([*VERBS, "advance", "settle", "invoke", "put function"]), st.integers(0, 60), st.integers(0, 60)
)


class Deployed(RuleBasedStateMachine):
    """A world of functions, versions and aliases."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play()

    @rule(step=steps)
    def step(self, step: Any) -> None:
        self.play.play(step)

    @property
    def arns(self) -> list[Arn]:
        return [function.arn for function in self.play.world.functions.all(SCOPE)]

    @invariant()
    def every_version_and_alias_is_told_and_can_be_called(self) -> None:
        world = self.play.world
        for arn in self.arns:
            families = world.families
            numbers = [version.version for version in families.versions(arn)]
            assert numbers[0] == "$LATEST"
            assert numbers[1:] == sorted(numbers[1:], key=int), "versions are numbered as they came"
            for alias in families.aliases(arn):
                assert set(alias.versions) <= set(numbers), "an alias names versions that are there"
                assert world.functions.choose(f"{arn}:{alias.name}") is not None
            for number in numbers[1:]:
                chosen = world.functions.choose(f"{arn}:{number}")
                assert chosen is not None
                assert chosen.version == number

    @invariant()
    def nothing_is_at_work_without_its_family(self) -> None:
        world = self.play.world
        for function in world.functions.at_work():
            version = function.spec.version
            numbers = [each.version for each in world.families.versions(function.arn)]
            assert version in numbers
            assert function in function.main.members
            assert function.event_invoke is function.main.event_invoke

    @invariant()
    def what_is_provisioned_is_of_a_version(self) -> None:
        world = self.play.world
        for arn in self.arns:
            numbers = {version.version for version in world.families.versions(arn)}
            assert set(world.functions[arn].provisioned) <= numbers - {"$LATEST"}

    @invariant()
    def keys_belong_to_environments_that_are_there(self) -> None:
        world = self.play.world
        known = {key for function in world.functions.at_work() for key in function.spec.access_key_ids}
        assert set(world.functions.access_key_ids) == known


TestDeployed = Deployed.TestCase
