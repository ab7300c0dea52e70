"""Reads what an error of the sidecar says beyond its code: each detail, field by field.

Every error carries one ErrorInfo (what a program decides by) and one LocalizedMessage (what a
person reads). BadRequest names the fields of a malformed request, PreconditionFailure the limit or
the state that forbids it, RetryInfo when to try again.
"""

from dataclasses import dataclass, field
from typing import Iterator

import grpc
from google.rpc import error_details_pb2 as details
from grpc_status import rpc_status


@dataclass
class Explained:
    """An error with its details taken out of their envelopes."""

    code: str
    reason: str = ""
    domain: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    message: str = ""
    locale: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    preconditions: list[tuple[str, str, str]] = field(default_factory=list)
    retry_after_s: float | None = None

    def lines(self) -> Iterator[str]:
        """One line for each thing that the sidecar has said."""
        yield f"code: {self.code}"
        yield f"reason: {self.reason} (domain {self.domain})"
        yield f"message ({self.locale}): {self.message}"
        for name, value in sorted(self.facts.items()):
            yield f"fact {name}: {value}"
        for name, fix in self.fields.items():
            yield f"field {name}: {fix}"
        for kind, subject, description in self.preconditions:
            yield f"precondition {kind} of {subject}: {description}"
        if self.retry_after_s is not None:
            yield f"try again after: {self.retry_after_s} s"


def explain(error: grpc.RpcError) -> Explained:
    """Unpacks the details that came in the trailers of a failed call."""
    explained = Explained(code=error.code().name, message=error.details() or "")
    status = rpc_status.from_call(error)
    for packed in status.details if status is not None else []:
        _unpack(packed, explained)
    return explained


def retry_after_s(error: grpc.RpcError) -> float | None:
    """How long to wait before the same request may be sent again; None where that helps nobody."""
    return explain(error).retry_after_s


def _unpack(packed, explained: Explained) -> None:
    if packed.Is(details.ErrorInfo.DESCRIPTOR):
        info = details.ErrorInfo.FromString(packed.value)
        explained.reason, explained.domain = info.reason, info.domain
        explained.facts = dict(info.metadata)
    elif packed.Is(details.LocalizedMessage.DESCRIPTOR):
        words = details.LocalizedMessage.FromString(packed.value)
        explained.locale, explained.message = words.locale, words.message
    elif packed.Is(details.BadRequest.DESCRIPTOR):
        problems = details.BadRequest.FromString(packed.value).field_violations
        explained.fields = {it.field: it.description for it in problems}
    elif packed.Is(details.PreconditionFailure.DESCRIPTOR):
        failed = details.PreconditionFailure.FromString(packed.value).violations
        explained.preconditions = [(it.type, it.subject, it.description) for it in failed]
    elif packed.Is(details.RetryInfo.DESCRIPTOR):
        delay = details.RetryInfo.FromString(packed.value).retry_delay
        explained.retry_after_s = delay.ToTimedelta().total_seconds()
