"""Plays the example against the real binary: `python test_client.py`.

Needs the packages of requirements.txt and the sidecar (MAKEGOOD_BIN, or target/debug/makegood).
"""

import contextlib
import sys
import time
import unittest

import grpc

import stubs
from client import Makegood, gift, play
from errors import explain
from sidecar import Sidecar

MARIA = "+1 202 555 0101"


class ClientTest(unittest.TestCase):
    """Each test has a house and a sidecar of its own."""

    def setUp(self) -> None:
        opened = contextlib.ExitStack()
        self.addCleanup(opened.close)
        self.sidecar = opened.enter_context(Sidecar())
        token = self.sidecar.token("dana")
        self.makegood = opened.enter_context(Makegood(self.sidecar.address, token))
        self.makegood.wait_for_history("call-1")

    def refusal_of(self, request):
        with self.assertRaises(grpc.RpcError) as raised:
            self.makegood.give(request)
        explained = explain(raised.exception)
        print(*explained.lines(), sep="\n  ")
        return explained

    def test_unary_calls_show_who_is_calling_and_what_may_be_given(self) -> None:
        call = self.makegood.start("call-1", MARIA)
        panel = self.makegood.panel("call-1")

        self.assertEqual(panel.context.customer.display_name, "Maria Okafor")
        self.assertEqual(panel.context.customer.customer_id, call.customer_id)
        self.assertEqual(panel.interaction.agent_name, "Dana Whitfield")
        self.assertEqual(panel.headroom.available_minor, 20_000)

    def test_stream_shows_a_gesture_of_somebody_else(self) -> None:
        call = self.makegood.start("call-1", MARIA)
        panels = self.makegood.watch("call-1")
        first = next(panels)
        self.assertEqual(len(first.spends), 0)

        # A colleague's own connection and own call, with the same customer.
        with Makegood(self.sidecar.address, self.sidecar.token("dana")) as other:
            given = other.give(gift("call-1", call.customer_id, 4_500))

        seen = next(panel for panel in panels if panel.spends)
        self.assertEqual(seen.spends[0].spend_id, given.spend.spend_id)
        self.assertEqual(seen.spends[0].state, stubs.SpendState.SPEND_STATE_COMMITTED)
        self.assertEqual(seen.headroom.available_minor, 15_500)
        self.assertGreater(seen.revision.ledger_position, first.revision.ledger_position)

    def test_errors_say_what_is_wrong_field_by_field(self) -> None:
        call = self.makegood.start("call-1", MARIA)

        malformed = gift("call-1", "nobody", 4_500)
        malformed.spend_id = "no UUID"
        refused = self.refusal_of(malformed)
        self.assertEqual((refused.code, refused.reason), ("INVALID_ARGUMENT", "INVALID_FIELDS"))
        self.assertEqual(set(refused.fields), {"spend_id", "customer_id"})
        self.assertEqual(refused.domain, "makegood")
        self.assertEqual(refused.locale, "en")

        refused = self.refusal_of(gift("call-1", call.customer_id, 20_001))
        self.assertEqual((refused.code, refused.reason), ("FAILED_PRECONDITION", "LIMIT_EXCEEDED"))
        self.assertEqual([it[0] for it in refused.preconditions], ["LIMIT_EXCEEDED"])
        self.assertEqual(refused.facts["limit"], "customer_case")
        self.assertTrue(refused.message)

    def test_retry_across_a_restart_gives_once(self) -> None:
        call = self.makegood.start("call-1", MARIA)
        credit = gift("call-1", call.customer_id, 4_500)
        first = self.makegood.give(credit)
        self.assertFalse(first.replayed)

        self.sidecar.kill()
        self.sidecar.start()
        again = self.makegood.give(credit, deadline_s=20.0)

        self.assertTrue(again.replayed)
        self.assertEqual(again.receipt, first.receipt)
        given = [it for it in self.makegood.entries() if it.entry.HasField("committed")]
        self.assertEqual([it.position for it in given], [first.receipt.ledger_position])
        self.assertEqual(self.makegood.panel("call-1").headroom.available_minor, 15_500)

    def test_example_plays_to_its_end(self) -> None:
        play(self.makegood, "call-1", MARIA)


def main() -> int:
    started = time.monotonic()
    cases = unittest.defaultTestLoader.loadTestsFromTestCase(ClientTest)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(cases)
    failed = len(result.failures) + len(result.errors)
    seconds = time.monotonic() - started
    print(f"{result.testsRun - failed} passed, {failed} failed in {seconds:.1f} s", flush=True)
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
