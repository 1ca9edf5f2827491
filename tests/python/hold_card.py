"""Holds the card in a reader for itself, as GnuPG and others do; without a
reader only a connection to pcscd.

Usage: hold_card.py [READER]

Says `held` once it does, and lets go when its standard input ends.
"""

import ctypes
import sys
import time

# pcsc-lite, src/PCSC/winscard.h and pcsclite.h: scope "system", exclusive use,
# both protocols.
SCOPE_SYSTEM = 2
SHARE_EXCLUSIVE = 1
PROTOCOL_ANY = 3
# Somebody else is at it, such as the daemon reading a card that has just come.
SHARING_VIOLATION = 0x8010000B
PATIENCE_SECONDS = 20


def check(result):
    if result:
        sys.exit(f"PC/SC error {result & 0xFFFFFFFF:08X}")


pcsc = ctypes.CDLL("libpcsclite.so.1")
context, card = ctypes.c_long(), ctypes.c_long()
protocol = ctypes.c_ulong()
check(pcsc.SCardEstablishContext(SCOPE_SYSTEM, None, None, ctypes.byref(context)))
for reader in sys.argv[1:]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        result = pcsc.SCardConnect(
            context,
            reader.encode(),
            SHARE_EXCLUSIVE,
            PROTOCOL_ANY,
            ctypes.byref(card),
            ctypes.byref(protocol),
        )
        is_busy = result & 0xFFFFFFFF == SHARING_VIOLATION
        if not is_busy or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    check(result)
print("held", flush=True)
sys.stdin.read()
