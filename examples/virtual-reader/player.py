#!/usr/bin/env python3
"""A player for the virtual reader: one card, written from docs/virtual-reader.md.

    player.py unix:/run/pcscd/xueka-0
    player.py tcp:127.0.0.1:35990

Puts a card into the reader's field and answers for it until the line from
standard input ends, then takes it away. The card has a UID and nothing else;
the reader answers one escape command, that for its firmware version.
"""

import select
import socket
import struct
import sys

HELLO, INSERT, REMOVE = 0x0001, 0x0010, 0x0011
ATR, RESPONSE, ESCAPE_ANSWER, FAILED = 0x0020, 0x0021, 0x0022, 0x0023
WELCOME, REFUSED, NOTICED = 0x8001, 0x8002, 0x8010
POWER_UP, RESET, POWER_DOWN, COMMAND, ESCAPE = 0x8020, 0x8021, 0x8022, 0x8023, 0x8024
UNSUPPORTED = b"\x03"

# An ISO 14443-4 card without historical bytes (PC/SC Part 3, 3.1.3.2.3.2).
CARD_ATR = bytes.fromhex("3B80800101")
UID = bytes.fromhex("3A5C7E91")


def connect(address):
    scheme, _, rest = address.partition(":")
    if scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.connect(rest)
        return line
    host, _, port = rest.rpartition(":")
    line = socket.create_connection((host.strip("[]"), int(port)))
    # A message leaves at once, not when the last one was acknowledged.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def say(line, kind, sequence=0, payload=b""):
    line.sendall(struct.pack(">HHI", kind, sequence, len(payload)) + payload)


def hear(line):
    kind, sequence, length = struct.unpack(">HHI", receive(line, 8))
    return kind, sequence, receive(line, length)


def receive(line, length):
    received = b""
    while len(received) < length:
        piece = line.recv(length - len(received))
        if not piece:
            raise SystemExit("the reader is gone")
        received += piece
    return received


def respond(command):
    if command[:4] == bytes.fromhex("FFCA0000"):
        return UID + b"\x90\x00"
    return b"\x6a\x81"


def play(line):
    kind, sequence, payload = hear(line)
    if kind in (POWER_UP, RESET):
        say(line, ATR, sequence, CARD_ATR)
    elif kind == COMMAND:
        say(line, RESPONSE, sequence, respond(payload))
    elif kind == ESCAPE:
        if payload[4:] == bytes.fromhex("FF00480000"):
            say(line, ESCAPE_ANSWER, sequence, b"PLAYER100")
        else:
            say(line, FAILED, sequence, UNSUPPORTED)
    elif kind == REFUSED:
        raise SystemExit(f"the reader refuses: {payload[0]}")
    elif kind == NOTICED:
        print("noticed", sequence, flush=True)


def main():
    line = connect(sys.argv[1])
    say(line, HELLO, 0, b"XKVR" + struct.pack(">H", 1))
    say(line, INSERT, 1)
    while True:
        ready, _, _ = select.select([line, sys.stdin], [], [])
        if line in ready:
            play(line)
        elif not sys.stdin.readline():
            say(line, REMOVE, 2)
            while True:
                kind, sequence, _ = hear(line)
                if (kind, sequence) == (NOTICED, 2):
                    return


if __name__ == "__main__":
    main()
