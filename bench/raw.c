/* raw: the least that a reading of a card can cost.
 *
 * Plain libpcsclite and nothing between: the benchmarks of this project are
 * ratios to what this program measures on the same pcscd in the same minute.
 *
 *   raw [-t] [-v] [-w] [-n ITERATIONS] READER HEX...
 *
 * One iteration connects shared, sends each HEX command, takes each whole
 * answer, and disconnects leaving the card as it is. Afterwards one line says
 * the median, the 99th percentile and the number of iterations:
 *
 *   MEDIAN_NS P99_NS N
 *
 *   -t  hold a transaction from after connecting on; disconnecting ends it, so
 *       that no call is spent on its end
 *   -n  how often; above 20 the first 10 runs only warm up and do not count
 *   -v  write each answer to standard error, in hex
 *   -w  wait for a card to come before each iteration, and for it to leave
 *       afterwards. Instead of the line above two lines are written for each:
 *       "ready" before the wait, and afterwards the time of the monotonic clock
 *       when the last answer was there, in nanoseconds
 *
 * Status words are not judged: a refused probe is an answer like any other.
 * Fewer than two bytes mean that the card left, and end the program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <winscard.h>

enum { N_COMMANDS = 32, N_COMMAND_BYTES = 262, N_WARM_UP = 10 };

struct command {
    uint8_t bytes[N_COMMAND_BYTES];
    DWORD n_bytes;
};

static struct command commands[N_COMMANDS];
static int n_commands, in_transaction, verbose, awaits_cards;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(const char *call, LONG result)
{
    if (result == SCARD_S_SUCCESS)
        return;
    fprintf(stderr, "raw: %s: %s\n", call, pcsc_stringify_error(result));
    exit(1);
}

static int parse(const char *hex, struct command *command)
{
    size_t n = strlen(hex), i;

    if (n % 2 || n < 8 || n / 2 > N_COMMAND_BYTES)
        return -1;
    for (i = 0; i < n / 2; i++) {
        unsigned byte;
        if (strspn(hex + 2 * i, "0123456789ABCDEFabcdef") < 2 ||
            sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return -1;
        command->bytes[i] = (uint8_t)byte;
    }
    command->n_bytes = n / 2;
    return 0;
}

static void transmit(SCARDHANDLE card, DWORD protocol, const struct command *command)
{
    uint8_t answer[258];
    DWORD n = sizeof answer, i;
    const SCARD_IO_REQUEST *pci = protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;

    must("SCardTransmit",
         SCardTransmit(card, pci, command->bytes, command->n_bytes, NULL, answer, &n));
    if (n < 2) {
        fprintf(stderr, "raw: the card left\n");
        exit(1);
    }
    if (!verbose)
        return;
    for (i = 0; i < n; i++)
        fprintf(stderr, "%02X", answer[i]);
    fputc('\n', stderr);
}

/* Waits until a card is there, or none is. */
static void await_card(SCARDCONTEXT context, SCARD_READERSTATE *state, DWORD is_there)
{
    for (;;) {
        LONG result;
        if ((state->dwEventState & SCARD_STATE_PRESENT) == is_there &&
            !(state->dwEventState & SCARD_STATE_UNKNOWN) && state->dwEventState)
            return;
        state->dwCurrentState = state->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
        result = SCardGetStatusChange(context, INFINITE, state, 1);
        must("SCardGetStatusChange", result);
    }
}

/* One whole reading; returns how long it took, in nanoseconds. Says when the
 * last answer was there if cards are awaited. */
static int64_t read_once(SCARDCONTEXT context, const char *reader)
{
    SCARDHANDLE card;
    DWORD protocol;
    int64_t begin = now_ns(), end;
    int i;

    must("SCardConnect", SCardConnect(context, reader, SCARD_SHARE_SHARED,
                                      SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol));
    if (in_transaction)
        must("SCardBeginTransaction", SCardBeginTransaction(card));
    for (i = 0; i < n_commands; i++)
        transmit(card, protocol, &commands[i]);
    end = now_ns();
    must("SCardDisconnect", SCardDisconnect(card, SCARD_LEAVE_CARD));
    if (awaits_cards)
        printf("%lld\n", (long long)end);
    return now_ns() - begin;
}

/* One reading for each card that comes. */
static void read_each(SCARDCONTEXT context, const char *reader, int n)
{
    SCARD_READERSTATE state = { .szReader = reader };

    while (n-- > 0) {
        await_card(context, &state, 0);
        puts("ready");
        await_card(context, &state, SCARD_STATE_PRESENT);
        read_once(context, reader);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int usage(void)
{
    fprintf(stderr, "usage: raw [-t] [-v] [-w] [-n ITERATIONS] READER HEX...\n");
    return 2;
}

int main(int argc, char **argv)
{
    SCARDCONTEXT context;
    const char *reader;
    int64_t *times;
    int option, n = 1, i;

    while ((option = getopt(argc, argv, "tvwn:")) != -1)
        switch (option) {
        case 't': in_transaction = 1; break;
        case 'v': verbose = 1; break;
        case 'w': awaits_cards = 1; break;
        case 'n': n = atoi(optarg); break;
        default: return usage();
        }
    if (n < 1 || argc - optind < 2 || argc - optind - 1 > N_COMMANDS)
        return usage();
    reader = argv[optind++];
    for (; optind < argc; optind++)
        if (parse(argv[optind], &commands[n_commands++]))
            return usage();
    times = calloc((size_t)n, sizeof *times);
    if (!times)
        return 1;

    must("SCardEstablishContext",
         SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context));
    if (awaits_cards) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        read_each(context, reader, n);
        must("SCardReleaseContext", SCardReleaseContext(context));
        free(times);
        return 0;
    }
    for (i = 0; n > 20 && i < N_WARM_UP; i++)
        read_once(context, reader);
    for (i = 0; i < n; i++)
        times[i] = read_once(context, reader);
    must("SCardReleaseContext", SCardReleaseContext(context));

    qsort(times, (size_t)n, sizeof *times, by_size);
    printf("%lld %lld %d\n", (long long)times[n / 2], (long long)times[(n - 1) * 99 / 100], n);
    free(times);
    return 0;
}
