"""A call as a back end in Python lives it: who is calling, what may be given, and giving it.

    python client.py --token TOKEN --phone "+1 202 555 0101"

Starts an interaction, shows the panel, is refused twice on purpose and prints why, gives a gesture
while a stream waits for it, and sends the same gesture again.
"""

import argparse
import itertools
import time
import uuid
from collections.abc import Iterator

import grpc

import stubs
from errors import explain, retry_after_s

# A call that names no deadline gets the sidecar's; to name one of our own is better manners.
DEADLINE_S = 5.0
# How long a stream may stay open here; a real desk keeps it open and opens it again when it ends.
WATCH_S = 30.0
HISTORY_TRIES, HISTORY_PAUSE_S = 200, 0.05


class Makegood:
    """One agent's connection to the sidecar. The token says who the agent is, never a message."""

    def __init__(self, address: str, token: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._budget = stubs.budget_grpc.BudgetServiceStub(self._channel)
        self._customer = stubs.customer_grpc.CustomerServiceStub(self._channel)
        self._desk = stubs.desk_grpc.DeskServiceStub(self._channel)
        self._interaction = stubs.interaction_grpc.InteractionServiceStub(self._channel)
        self._ledger = stubs.ledger_grpc.LedgerServiceStub(self._channel)

    def __enter__(self) -> "Makegood":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def _ask(self, method, request, deadline_s: float = DEADLINE_S):
        """Calls until the deadline: waits for a sidecar that is not there, and sends the very same
        request again as long as the sidecar says when to."""
        end = time.monotonic() + deadline_s
        while True:
            left_s = end - time.monotonic()
            try:
                return method(
                    request, timeout=left_s, metadata=self._metadata, wait_for_ready=True
                )
            except grpc.RpcError as error:
                pause_s = retry_after_s(error)
                if pause_s is None or time.monotonic() + pause_s >= end:
                    raise
            time.sleep(pause_s)

    def wait_for_history(self, interaction_id: str) -> None:
        """Waits until the customers' stories are told; just after a start they may not be, while
        giving works already."""
        for _ in range(HISTORY_TRIES):
            if self.panel(interaction_id).history_state == stubs.HistoryState.HISTORY_STATE_READY:
                return
            time.sleep(HISTORY_PAUSE_S)
        raise TimeoutError("the sidecar still reads its journal")

    def start(self, interaction_id: str, phone: str):
        """The phone rings: binds the customer if exactly one has this number."""
        request = stubs.interaction.StartInteractionRequest(
            interaction_id=interaction_id,
            channel=stubs.Channel.CHANNEL_PHONE,
            lookup=stubs.Lookup(phone=phone),
        )
        return self._ask(self._interaction.StartInteraction, request).interaction

    def panel(self, interaction_id: str):
        """Everything that an agent needs in the first two seconds, in one reply."""
        request = stubs.customer.GetPanelRequest(interaction_id=interaction_id)
        return self._ask(self._customer.GetPanel, request).panel

    def watch(self, interaction_id: str) -> Iterator:
        """The panel now, and again, whole, whenever something about it has changed."""
        request = stubs.desk.WatchDeskRequest(
            desk_id=str(uuid.uuid4()),
            topics=[stubs.desk.DeskTopic(interaction_id=interaction_id)],
        )
        stream = self._desk.WatchDesk(request, timeout=WATCH_S, metadata=self._metadata)
        try:
            for message in stream:
                # A message without panels is a heartbeat.
                yield from message.panels
        finally:
            stream.cancel()

    def give(self, gift, deadline_s: float = DEADLINE_S):
        """Holds and gives in one step; durable when it returns."""
        return self._ask(self._budget.GiveSpend, gift, deadline_s)

    def entries(self) -> list:
        """This agent's entries in the ledger, oldest first."""
        request = stubs.ledger.ListEntriesRequest()
        found = []
        while True:
            page = self._ask(self._ledger.ListEntries, request)
            found.extend(page.entries)
            if not page.next_page_token:
                return found
            request = stubs.ledger.ListEntriesRequest(page_token=page.next_page_token)


def gift(interaction_id: str, customer_id: str, amount_minor: int):
    """A gesture with an id of its own. Keep the message until it is answered: whatever happens on
    the way, the very same message can be sent again and never gives twice."""
    return stubs.budget.GiveSpendRequest(
        spend_id=str(uuid.uuid4()),
        customer_id=customer_id,
        interaction_id=interaction_id,
        amount=stubs.Money(currency_code="USD", amount_minor=amount_minor),
        reason_code="delay",
        gesture_code="credit",
    )


def _show_refusal(makegood: Makegood, request) -> None:
    try:
        makegood.give(request)
    except grpc.RpcError as error:
        print(*explain(error).lines(), sep="\n", end="\n\n")


def play(makegood: Makegood, interaction_id: str, phone: str) -> None:
    """The whole call, printed."""
    makegood.wait_for_history(interaction_id)
    call = makegood.start(interaction_id, phone)
    panel = makegood.panel(interaction_id)
    name = panel.context.customer.display_name
    print(f"{name} is calling; {panel.headroom.available_minor} cents may be given\n")

    malformed = gift(interaction_id, "nobody", 4_500)
    malformed.spend_id = "no UUID"
    _show_refusal(makegood, malformed)
    _show_refusal(makegood, gift(interaction_id, call.customer_id, 10_000_000))

    panels = makegood.watch(interaction_id)
    print(f"the stream begins with {next(panels).headroom.available_minor} cents")
    credit = gift(interaction_id, call.customer_id, 4_500)
    given = makegood.give(credit)
    print(f"given: entry {given.receipt.ledger_position}, reference {given.spend.reference}")
    seen = next(itertools.dropwhile(lambda it: not it.headroom.given_minor, panels), None)
    if seen is not None:
        print(f"the stream goes on with {seen.headroom.available_minor} cents")
    again = makegood.give(credit)
    print(f"sent again: replayed is {again.replayed}, entry {again.receipt.ledger_position}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Plays one call against a sidecar.")
    parser.add_argument("--address", default="127.0.0.1:7070", help="HOST:PORT of the sidecar")
    parser.add_argument("--token", required=True, help="from `makegood token mint --agent ID`")
    parser.add_argument("--phone", default="+1 202 555 0101", help="the number of the caller")
    parser.add_argument("--interaction", default=f"python-{uuid.uuid4()}", help="the call's id")
    arguments = parser.parse_args()
    with Makegood(arguments.address, arguments.token) as makegood:
        play(makegood, arguments.interaction, arguments.phone)


if __name__ == "__main__":
    main()
