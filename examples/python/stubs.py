"""Makes the Python modules of the API from the .proto files, and imports them.

A product of your own would make them once, when it is built:

    python -m grpc_tools.protoc -I proto --python_out=OUT --grpc_python_out=OUT proto/makegood/*/v1/*.proto

Here they are made anew in a folder that goes away, so that they always fit the .proto files.
"""

import atexit
import importlib
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import grpc_tools
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[2] / "proto"
# The types that every protobuf compiler knows, such as google/protobuf/timestamp.proto.
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


def _generate(out: str) -> None:
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("makegood/**/*.proto"))
    arguments = [f"-I{PROTO}", f"-I{WELL_KNOWN}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(["protoc", *arguments, *files]) != 0:
        raise RuntimeError(f"the .proto files in {PROTO} do not compile")


def _load(name: str) -> ModuleType:
    return importlib.import_module(f"makegood.v1.{name}")


_folder = tempfile.TemporaryDirectory(prefix="makegood-stubs-")
atexit.register(_folder.cleanup)
_generate(_folder.name)
sys.path.insert(0, _folder.name)

budget = _load("budget_service_pb2")
budget_grpc = _load("budget_service_pb2_grpc")
customer = _load("customer_service_pb2")
customer_grpc = _load("customer_service_pb2_grpc")
desk = _load("desk_service_pb2")
desk_grpc = _load("desk_service_pb2_grpc")
interaction = _load("interaction_service_pb2")
interaction_grpc = _load("interaction_service_pb2_grpc")
ledger = _load("ledger_service_pb2")
ledger_grpc = _load("ledger_service_pb2_grpc")

Channel = _load("interaction_pb2")
HistoryState = _load("panel_pb2").HistoryState
Lookup = _load("customer_pb2").Lookup
Money = _load("money_pb2").Money
SpendState = _load("budget_pb2").SpendState
