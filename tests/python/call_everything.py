"""Calls every method of every service, knowing only what reflection tells.

usage: call_everything.py ADDRESS

The daemon must simulate two readers. Each method has one call below; the run
fails when a method has none, when a call is for a method that does not exist,
or when an answer is not the expected one.
"""

import sys
from base64 import b64encode
from pathlib import Path

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

SERVICE_CONFIG = Path(__file__).resolve().parents[2] / "docs" / "service-config.json"
NUMBER = "1000751012345678"
ROLL = "学籍号,姓名,学校代码,届,班级\n20240003,测试,3101,2024,3-1\n"
CARD = f'kind = "transit-cpu"\nnumber = "{NUMBER}"\n'


def base64(text):
    """Text as a request in JSON writes bytes."""
    return b64encode(text.encode()).decode()


# Method, request or list of requests for a stream, expected status. They build
# on each other, so the order counts.
CALLS = [
    ("SimulatorService/ListSlots", {}, "OK"),
    ("SimulatorService/InsertCard", {"slot": 0, "description": CARD}, "OK"),
    ("ReaderService/ListReaders", {}, "OK"),
    ("ReaderService/ReadCard", {"reader": "$READER", "wait": "10s"}, "OK"),
    ("ReaderService/SignalReader", {"reader": "$READER", "signal": "SIGNAL_OK"}, "OK"),
    ("RecordingService/RecordCard", {"inReader": {"reader": "$READER", "wait": "10s"}}, "OK"),
    ("ReaderService/WatchTaps", {"afterSequence": "1", "epoch": "1"}, "OK"),
    (
        "IssuanceService/RegisterIssuedCards",
        [
            {"options": {"requestId": "python-1"}},
            {
                "row": {
                    "row": "1",
                    "studentNumber": "20240001",
                    "name": "测试一",
                    "cardNumber": "1000751000000001",
                }
            },
        ],
        "OK",
    ),
    (
        "IssuanceService/RegisterIssuedCards",
        [
            {"options": {"requestId": "python-2"}},
            {
                "row": {
                    "row": "1",
                    "studentNumber": "20240002",
                    "name": "测试二",
                    "cardNumber": NUMBER,
                    "state": "CARD_STATE_DELIVERED",
                }
            },
        ],
        "OK",
    ),
    (
        "IssuanceService/CollectCard",
        {"requestId": "python-3", "studentNumber": "20240002", "inReader": {"reader": "$READER"}},
        "OK",
    ),
    ("IssuanceService/VerifyCard", {"inReader": {"reader": "$READER"}}, "OK"),
    ("IssuanceService/GetCard", {"cardNumber": NUMBER}, "OK"),
    ("IssuanceService/ReportLoss", {"requestId": "python-4", "cardNumber": NUMBER}, "OK"),
    (
        "IssuanceService/CancelLoss",
        {"requestId": "python-5", "inReader": {"reader": "$READER"}},
        "OK",
    ),
    (
        "BlacklistService/AddEntry",
        {"requestId": "python-6", "card": {"cardNumber": NUMBER}, "note": "a test"},
        "OK",
    ),
    ("BlacklistService/GetEntry", {"card": {"cardNumber": NUMBER}}, "OK"),
    ("BlacklistService/ListEntries", {"pageSize": 10}, "OK"),
    ("BlacklistService/CheckCard", {"card": {"cardNumber": NUMBER}}, "OK"),
    ("BlacklistService/CheckCards", {"cards": [{"cardNumber": NUMBER}]}, "OK"),
    (
        "BlacklistService/RemoveEntry",
        {"requestId": "python-7", "card": {"cardNumber": NUMBER}},
        "OK",
    ),
    (
        "BlacklistService/RemoveEntry",
        {"requestId": "python-8", "card": {"cardNumber": NUMBER}},
        "NOT_FOUND",
    ),
    ("NumberService/ListNumberForms", {}, "OK"),
    ("NumberService/FindCards", {"printed": NUMBER}, "OK"),
    (
        "NumberService/TeachNumberForms",
        {"cards": [{"printed": NUMBER[8:15], "cardNumber": NUMBER}]},
        "OK",
    ),
    (
        "NumberService/CheckShortNumber",
        {"studentNumber": "20240002", "shortNumber": NUMBER[8:16]},
        "OK",
    ),
    (
        "TokenService/CreateToken",
        {"name": "python", "role": "ROLE_VERIFIER", "lifetime": "3600s"},
        "OK",
    ),
    ("TokenService/ListTokens", {}, "OK"),
    ("TokenService/RevokeToken", {"name": "python"}, "OK"),
    ("InspectionService/InspectCard", {"inReader": {"reader": "$READER"}}, "OK"),
    ("InspectionService/TraceCard", {"inReader": {"reader": "$READER"}}, "OK"),
    ("PurseService/ReadBalance", {"inReader": {"reader": "$READER"}}, "OK"),
    ("PurseService/ReadTrips", {"inReader": {"reader": "$READER"}}, "OK"),
    (
        "PersonalisationService/PlanWrite",
        {"inReader": {"reader": "$READER"}, "cardNumber": NUMBER},
        "FAILED_PRECONDITION",
    ),
    (
        "PersonalisationService/WriteCard",
        {
            "requestId": "python-9",
            "inReader": {"reader": "$READER"},
            "planId": "0123456789abcdef",
        },
        "FAILED_PRECONDITION",
    ),
    ("PersonalisationService/RecoverCard", {"inReader": {"reader": "$READER"}}, "OK"),
    ("PersonalisationService/ListOpenWrites", {"pageSize": 10}, "OK"),
    ("PersonalisationService/DeclareSpoilt", {"writeId": "7"}, "NOT_FOUND"),
    (
        "ExchangeService/ExchangeCommands",
        {"inReader": {"reader": "$READER"}, "commands": ["ALCEAAg="]},
        "FAILED_PRECONDITION",
    ),
    (
        "StudentService/ImportStudents",
        [{"options": {"requestId": "python-10"}}, {"content": base64(ROLL)}],
        "OK",
    ),
    ("StudentService/GetStudent", {"studentNumber": "20240003"}, "OK"),
    ("StudentService/SearchStudents", {"printed": NUMBER, "pageSize": 10}, "OK"),
    (
        "StudentService/MoveStudents",
        {"requestId": "python-11", "studentNumbers": ["20240003"], "place": {"className": "3-2"}},
        "OK",
    ),
    ("StudentService/ExportStudents", {"format": "LIST_FORMAT_XLSX"}, "OK"),
    (
        "CardMakingService/MakeCardMakingFile",
        {
            "requestId": "python-12",
            "menu": "MAKING_MENU_NEW",
            "chosen": {"studentNumbers": ["20240003"]},
        },
        "FAILED_PRECONDITION",
    ),
    ("CardMakingService/ListBatches", {"pageSize": 10}, "OK"),
    ("CardMakingService/GetBatch", {"batch": "7"}, "NOT_FOUND"),
    (
        "CardMakingService/StepBatch",
        {"requestId": "python-13", "batch": "7", "step": "BATCH_STEP_WITHDRAW"},
        "NOT_FOUND",
    ),
    ("CardMakingService/MakeFactoryFile", {"requestId": "python-14", "batch": "7"}, "NOT_FOUND"),
    (
        "CardMakingService/TakeFactoryResult",
        {"requestId": "python-15", "batch": "7", "content": base64("x")},
        "INVALID_ARGUMENT",
    ),
    ("CardMakingService/DeliverBatch", {"requestId": "python-16", "batch": "7"}, "NOT_FOUND"),
    (
        "CardMakingService/TakeCardMakingFile",
        {"requestId": "python-17", "menu": "MAKING_MENU_NEW", "content": base64("x")},
        "INVALID_ARGUMENT",
    ),
    (
        "CardMakingService/TakeDelivery",
        {"requestId": "python-18", "content": base64("x")},
        "INVALID_ARGUMENT",
    ),
    ("DistributionService/GetBlacklistState", {}, "FAILED_PRECONDITION"),
    ("DistributionService/GetBlacklistSnapshot", {}, "FAILED_PRECONDITION"),
    ("DistributionService/WatchBlacklist", {"once": True}, "FAILED_PRECONDITION"),
    (
        "DistributionService/AcknowledgeBlacklist",
        {"epoch": "1", "version": "1"},
        "FAILED_PRECONDITION",
    ),
    ("DistributionService/ListDeliveries", {}, "FAILED_PRECONDITION"),
    ("SimulatorService/RemoveCard", {"slot": 0}, "OK"),
]


def fill_in(value, reader):
    """Puts the name of the first reader where a call wants it."""
    if isinstance(value, dict):
        return {key: fill_in(item, reader) for key, item in value.items()}
    if isinstance(value, list):
        return [fill_in(item, reader) for item in value]
    return reader if value == "$READER" else value


def call(channel, method, requests):
    """Makes one call; returns the messages of the answer as dictionaries."""
    make = message_factory.GetMessageClass(method.input_type)
    answer = message_factory.GetMessageClass(method.output_type)
    path = f"/{method.containing_service.full_name}/{method.name}"
    wires = {"request_serializer": make.SerializeToString, "response_deserializer": answer.FromString}
    parsed = [json_format.ParseDict(request, make()) for request in requests]
    if method.client_streaming:
        stub, argument = channel.stream_stream(path, **wires), iter(parsed)
    elif method.server_streaming:
        stub, argument = channel.unary_stream(path, **wires), parsed[0]
    else:
        answered = channel.unary_unary(path, **wires)(parsed[0], timeout=15)
        return [json_format.MessageToDict(answered)]
    responses = stub(argument, timeout=15)
    if method.client_streaming:
        return [json_format.MessageToDict(response) for response in responses]
    # A stream without an end: its first message will do.
    first = next(iter(responses))
    responses.cancel()
    return [json_format.MessageToDict(first)]


def main(address):
    options = [
        # The name of a Unix socket's path is no host name.
        ("grpc.default_authority", "localhost"),
        # A configuration that the library cannot read fails every call.
        ("grpc.service_config", SERVICE_CONFIG.read_text()),
    ]
    channel = grpc.insecure_channel(address, options)
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    services = sorted(database.get_services())
    print("services:", *services)
    assert "grpc.health.v1.Health" in services, "health can be found by reflection"

    methods = {}
    for name in services:
        if name.startswith("xueka.v1."):
            for method in pool.FindServiceByName(name).methods:
                methods[f"{method.containing_service.name}/{method.name}"] = method
    named = {name for name, _, _ in CALLS}
    assert named == set(methods), f"no call for, or no such method: {named ^ set(methods)}"

    health = pool.FindServiceByName("grpc.health.v1.Health").methods_by_name["Check"]
    assert call(channel, health, [{}]) == [{"status": "SERVING"}], "the daemon is healthy"

    listed = call(channel, methods["ReaderService/ListReaders"], [{}])[0]
    reader = listed["readers"][0]["name"]
    for name, request, expected in CALLS:
        requests = fill_in(request if isinstance(request, list) else [request], reader)
        try:
            answers, status = call(channel, methods[name], requests), "OK"
        except grpc.RpcError as error:
            answers, status = error.details(), error.code().name
        print(f"{name}: {status}")
        assert status == expected, f"{name}: {status}, not {expected}: {answers}"
        if name.endswith("RegisterIssuedCards"):
            assert answers[-1]["totals"]["registered"] == "1", answers
        if name.endswith("VerifyCard"):
            assert answers[0]["verdict"] == "VERDICT_VALID", answers
    print(f"called all {len(methods)} methods")


if __name__ == "__main__":
    main(sys.argv[1])
