"""Queues that another broker keeps, over the control API. Nobody listens where these say their broker is."""

from tests.live import until
from tests.machine import free_port
from tests.serving import Serving


def test_a_queue_elsewhere_is_declared_and_its_broker_told_as_lost_while_it_is_away(service: Serving) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"

    declared = service.post("brokers", {"name": "far", "endpoint": endpoint})
    shown = until(lambda: [queue for queue in service.get("brokers") if queue["state"] == "lost"])

    assert (declared["arn"], declared["broker"]) == ("arn:aws:sqs:us-east-1:000000000000:far", endpoint)
    assert "Could not connect" in shown[0]["error"]
    assert service.get("status")["brokers"] == shown


def test_a_mapping_of_a_queue_elsewhere_says_what_is_wrong_with_it(service: Serving) -> None:
    service.post("brokers", {"name": "far", "endpoint": f"http://127.0.0.1:{free_port()}"})
    service.post("mappings", {"queue": "far", "function": "worker"})

    def problem() -> str:
        return str(service.get("mappings")[-1].get("LastProcessingResult", ""))

    assert until(problem).startswith("PROBLEM: http://127.0.0.1:")


def test_a_wrong_entry_is_a_bad_request(service: Serving) -> None:
    answer = service.ask("POST", "brokers", {"name": "far", "endpoint": "nowhere"})

    assert answer.error == (400, "BadRequest", "endpoint: must be a URL like http://localhost:9000, not 'nowhere'")


def test_a_name_that_is_taken_is_a_conflict(service: Serving) -> None:
    answer = service.ask("POST", "brokers", {"name": "orders", "endpoint": "http://127.0.0.1:9324"})

    assert answer.error == (409, "ResourceConflict", "there is a queue named orders already")
