"""Reads the card on a reader and asks whether it is good.

    pip install grpcio grpcio-tools
    python examples/python/first_call.py ADDRESS [READER]

ADDRESS is such as unix:/run/xueka/xuekad.sock. READER is a name that `xueka
readers` shows; without it the only reader is meant. The protocol files in proto/
are compiled on the fly, so there is no code to generate first.
"""

import sys
from pathlib import Path

import grpc

sys.path.append(str(Path(__file__).resolve().parents[2] / "proto"))
reader_pb2, reader_grpc = grpc.protos_and_services("xueka/v1/reader.proto")
issuance_pb2, issuance_grpc = grpc.protos_and_services("xueka/v1/issuance.proto")


def main(address: str, reader: str = "") -> int:
    # grpcio would send the socket's path as the host name, which HTTP/2 servers
    # refuse; any plain name will do.
    options = [("grpc.default_authority", "localhost")]
    with grpc.insecure_channel(address, options) as channel:
        try:
            answer = reader_grpc.ReaderServiceStub(channel).ReadCard(
                reader_pb2.ReadCardRequest(reader=reader), timeout=10
            )
            print("UID        ", answer.reading.uid.hex().upper())
            print("card number", answer.reading.card_number or "none")

            verdict = issuance_grpc.IssuanceServiceStub(channel).VerifyCard(
                issuance_pb2.VerifyCardRequest(
                    in_reader=issuance_pb2.CardInReader(reader=reader)
                ),
                timeout=10,
            )
        except grpc.RpcError as error:
            print(error.code().name, error.details(), file=sys.stderr)
            return 1
    print("verdict    ", issuance_pb2.Verdict.Name(verdict.verdict))
    print("why        ", verdict.reason, "-", verdict.message)
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:3] or ["unix:/run/xueka/xuekad.sock"])))
