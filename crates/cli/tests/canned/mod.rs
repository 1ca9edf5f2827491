//! A daemon that knows a few answers by heart, on a Unix socket.
//!
//! The reader's name in a request chooses what becomes of it: the name of an
//! error reason brings that error, `silent` no answer at all.

mod writing;

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use tempfile::TempDir;
use tokio::{net::UnixListener, sync::oneshot};
use tokio_stream::{Stream, StreamExt as _, wrappers::UnixListenerStream};
use tonic::{Code, Request, Response, Status, Streaming, transport::Server};
use tonic_types::{ErrorDetails, StatusExt as _};
use xueka_api::v1::{
    blacklist_service_server::{BlacklistService, BlacklistServiceServer},
    exchange_service_server::ExchangeServiceServer,
    inspection_service_server::{InspectionService, InspectionServiceServer},
    issuance_service_server::{IssuanceService, IssuanceServiceServer},
    number_service_server::{NumberService, NumberServiceServer},
    personalisation_service_server::PersonalisationServiceServer,
    purse_service_server::{PurseService, PurseServiceServer},
    reader_service_server::{ReaderService, ReaderServiceServer},
    simulator_service_server::{SimulatorService, SimulatorServiceServer},
    token_service_server::{TokenService, TokenServiceServer},
    *,
};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What came with the requests, and with what they were asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn note_metadata<T>(&self, request: &Request<T>) {
        for name in ["accept-language", "authorization"] {
            if let Some(value) = request.metadata().get(name) {
                self.note(format!("{name}: {}", value.to_str().unwrap()));
            }
        }
    }

    /// Whether this was among it.
    pub(crate) fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|seen| seen == what)
    }

    /// What was noted behind this prefix, in order.
    pub(crate) fn all(&self, prefix: &str) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        let found = seen.iter().filter_map(|seen| seen.strip_prefix(prefix));
        found.map(str::to_owned).collect()
    }
}

/// The daemon; it ends when this is dropped.
pub(crate) struct CannedDaemon {
    pub(crate) seen: Seen,
    pub(crate) directory: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl CannedDaemon {
    /// Starts one with every service.
    pub(crate) fn start() -> Self {
        Self::start_with(true)
    }

    /// Starts one without simulator.
    pub(crate) fn start_without_simulator() -> Self {
        Self::start_with(false)
    }

    fn start_with(simulates: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let seen = Seen::default();
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let socket = directory.path().join("xuekad.sock");
        let desk = Desk { seen: seen.clone() };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let incoming = UnixListenerStream::new(UnixListener::bind(socket).unwrap());
                ready.send(()).unwrap();
                let simulator = simulates.then(|| SimulatorServiceServer::new(desk.clone()));
                let served = Server::builder()
                    .add_service(ReaderServiceServer::new(desk.clone()))
                    .add_service(IssuanceServiceServer::new(desk.clone()))
                    .add_service(BlacklistServiceServer::new(desk.clone()))
                    .add_service(NumberServiceServer::new(desk.clone()))
                    .add_service(PurseServiceServer::new(desk.clone()))
                    .add_service(InspectionServiceServer::new(desk.clone()))
                    .add_service(PersonalisationServiceServer::new(desk.clone()))
                    .add_service(ExchangeServiceServer::new(desk.clone()))
                    .add_service(TokenServiceServer::new(desk))
                    .add_optional_service(simulator)
                    .serve_with_incoming(incoming);
                tokio::select! {
                    ended = served => ended.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().unwrap();
        Self {
            seen,
            directory,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("xuekad.sock")
    }

    /// The command line, as it asks this daemon.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        xueka(&self.socket(), words)
    }

    /// Runs the command line to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Answer {
        Answer::of(self.command(words))
    }
}

impl Drop for CannedDaemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The command line as a process that asks the daemon on this socket.
pub(crate) fn xueka(socket: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xueka"));
    command
        .args(words)
        .env("XUEKA_SERVER", format!("unix:{}", socket.display()))
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// What the command line answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn of(mut command: Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        Self {
            code: status.code().unwrap(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// The one document on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The one document on standard error.
    pub(crate) fn error_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stderr).unwrap()
    }
}

#[derive(Clone)]
struct Desk {
    seen: Seen,
}

impl Desk {
    /// What the reader's name asks for.
    async fn obey(reader: &str) -> Result<(), Status> {
        if reader == "silent" {
            std::future::pending::<()>().await;
        }
        match ErrorReason::from_reason(reader) {
            None => Ok(()),
            Some(reason) => Err(refusal(Code::FailedPrecondition, reason)),
        }
    }
}

fn refusal(code: Code, reason: ErrorReason) -> Status {
    let details = ErrorDetails::with_error_info(reason.as_reason(), xueka_api::ERROR_DOMAIN, []);
    Status::with_error_details(code, "what to do now", details)
}

fn reading() -> CardReading {
    CardReading {
        family: CardFamily::TransitCpu.into(),
        uid: vec![0x3A, 0x5C, 0x7E, 0x91],
        card_number: "1000751012345678".to_owned(),
        number_source: NumberSource::PlainFile.into(),
        number_location: 4,
        valid_from: "2020-01-01".to_owned(),
        valid_until: "2049-12-31".to_owned(),
        assurance: AssuranceLevel::NumberRead.into(),
        atr: vec![0x3B, 0x80, 0x80, 0x01, 0x01],
        complete: true,
        layout_version: "01.0000".to_owned(),
        chip_authentication: ChipAuthentication::Failed.into(),
        ..CardReading::default()
    }
}

fn card(state: CardState) -> Card {
    Card {
        card_number: "1000751012345678".to_owned(),
        state: state.into(),
        student: Some(Student {
            student_number: "G1".to_owned(),
            name: "李小雨".to_owned(),
            class_name: String::new(),
        }),
        version: 12,
        ..Card::default()
    }
}

#[tonic::async_trait]
impl ReaderService for Desk {
    async fn list_readers(
        &self,
        request: Request<ListReadersRequest>,
    ) -> Result<Response<ListReadersResponse>, Status> {
        self.seen.note_metadata(&request);
        let reader = |name: &str, state: ReaderState, simulated| Reader {
            name: name.to_owned(),
            state: state.into(),
            simulated,
            ..Reader::default()
        };
        let named = Reader {
            alias: "entry desk".to_owned(),
            serial_number: "S1".to_owned(),
            ..reader("Long name of a reader", ReaderState::CardPresent, false)
        };
        Ok(Response::new(ListReadersResponse {
            readers: vec![named, reader("Short", ReaderState::Empty, true)],
            missing_readers: vec![MissingReader {
                alias: "library".to_owned(),
                missing_since_time: Some(prost_types::Timestamp {
                    seconds: 1_790_000_000,
                    nanos: 0,
                }),
                message: "plug it in".to_owned(),
            }],
            source_state: SourceState::Ready.into(),
        }))
    }

    /// `silent desk` can show nothing.
    async fn signal_reader(
        &self,
        request: Request<SignalReaderRequest>,
    ) -> Result<Response<SignalReaderResponse>, Status> {
        let request = request.into_inner();
        Self::obey(&request.reader).await?;
        assert_eq!(request.signal(), Signal::Refuse);
        let shown = request.reader != "silent desk";
        Ok(Response::new(SignalReaderResponse { shown }))
    }

    async fn read_card(
        &self,
        request: Request<ReadCardRequest>,
    ) -> Result<Response<ReadCardResponse>, Status> {
        let request = request.into_inner();
        Self::obey(&request.reader).await?;
        Ok(Response::new(ReadCardResponse {
            reader: "Reader 0".to_owned(),
            reading: Some(reading()),
            reader_alias: String::new(),
        }))
    }

    type WatchTapsStream = Answers<WatchTapsResponse>;

    /// `busy` brings events without end, `short` ends, others stay silent after
    /// the first event.
    async fn watch_taps(
        &self,
        request: Request<WatchTapsRequest>,
    ) -> Result<Response<Self::WatchTapsStream>, Status> {
        let request = request.into_inner();
        Self::obey(&request.reader).await?;
        let event = WatchTapsResponse {
            sequence: request.after_sequence + 1,
            epoch: request.epoch,
            event_time: Some(prost_types::Timestamp {
                seconds: 1_790_000_000,
                nanos: 0,
            }),
            reader: "Reader 0".to_owned(),
            reader_alias: String::new(),
            event: Some(watch_taps_response::Event::CardArrived(CardArrived {
                outcome: Some(card_arrived::Outcome::Reading(reading())),
            })),
        };
        let first = tokio_stream::once(Ok(event.clone()));
        let stream: Self::WatchTapsStream = match request.reader.as_str() {
            "busy" => Box::pin(tokio_stream::iter(std::iter::repeat(Ok(event)))),
            "short" => Box::pin(first),
            _ => Box::pin(first.chain(tokio_stream::pending())),
        };
        Ok(Response::new(stream))
    }
}

#[tonic::async_trait]
impl IssuanceService for Desk {
    /// Number 1111 is lost, 2222 cannot be verified, everything else is good.
    async fn verify_card(
        &self,
        request: Request<VerifyCardRequest>,
    ) -> Result<Response<VerifyCardResponse>, Status> {
        let request = request.into_inner();
        let mut reading = Some(reading());
        let verdict = match &request.card {
            Some(verify_card_request::Card::InReader(place)) => {
                Self::obey(&place.reader).await?;
                Verdict::Valid
            }
            Some(verify_card_request::Card::CardNumber(number)) => {
                reading = None;
                match number.as_str() {
                    "1111" => Verdict::Lost,
                    "2222" => Verdict::CannotVerify,
                    _ => Verdict::Valid,
                }
            }
            _ => Verdict::Valid,
        };
        Ok(Response::new(VerifyCardResponse {
            verdict: verdict.into(),
            reason: "A_REASON".to_owned(),
            message: "why it is so".to_owned(),
            assurance: request.minimum_assurance,
            data_version: 12,
            reading,
            ..VerifyCardResponse::default()
        }))
    }

    async fn get_card(
        &self,
        request: Request<GetCardRequest>,
    ) -> Result<Response<GetCardResponse>, Status> {
        match request.into_inner().card {
            Some(get_card_request::Card::StudentNumber(_)) => {
                Err(refusal(Code::NotFound, ErrorReason::StudentNotFound))
            }
            _ => Ok(Response::new(GetCardResponse {
                card: Some(card(CardState::Active)),
            })),
        }
    }

    type RegisterIssuedCardsStream = Answers<RegisterIssuedCardsResponse>;

    /// Refuses the holder of the student number `TAKEN`.
    async fn register_issued_cards(
        &self,
        request: Request<Streaming<RegisterIssuedCardsRequest>>,
    ) -> Result<Response<Self::RegisterIssuedCardsStream>, Status> {
        use register_issued_cards_request::Part as Asked;
        use register_issued_cards_response::Part;
        let mut parts = request.into_inner();
        let mut totals = RegisterTotals::default();
        let mut answers = Vec::new();
        while let Some(part) = parts.message().await? {
            match part.part {
                Some(Asked::Options(options)) => self.seen.note(format!(
                    "options: {} {}",
                    options.accept_good_rows, options.dry_run
                )),
                Some(Asked::Row(row)) => {
                    totals.received += 1;
                    self.seen.note(format!("row: {} {}", row.row, row.name));
                    if row.student_number == "TAKEN" {
                        totals.refused += 1;
                        answers.push(Part::Refused(RefusedRow {
                            row: row.row,
                            column: "card_number".to_owned(),
                            reason: "NUMBER_TAKEN".to_owned(),
                            message: "it is another's".to_owned(),
                        }));
                    }
                }
                None => {}
            }
        }
        totals.registered = totals.received - totals.refused;
        totals.data_version = 13;
        answers.push(Part::Totals(totals));
        let answers = answers
            .into_iter()
            .map(|part| Ok(RegisterIssuedCardsResponse { part: Some(part) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(
            answers.collect::<Vec<_>>(),
        ))))
    }

    async fn collect_card(
        &self,
        request: Request<CollectCardRequest>,
    ) -> Result<Response<CollectCardResponse>, Status> {
        let request = request.into_inner();
        self.seen.note(format!("request: {}", request.request_id));
        Self::obey(&request.in_reader.unwrap_or_default().reader).await?;
        Ok(Response::new(CollectCardResponse {
            card: Some(card(CardState::Active)),
        }))
    }

    async fn report_loss(
        &self,
        request: Request<ReportLossRequest>,
    ) -> Result<Response<ReportLossResponse>, Status> {
        let request = request.into_inner();
        self.seen.note(format!("request: {}", request.request_id));
        self.seen
            .note(format!("loss: {}", request.reason().as_str_name()));
        Ok(Response::new(ReportLossResponse {
            card: Some(card(CardState::Lost)),
        }))
    }

    async fn cancel_loss(
        &self,
        request: Request<CancelLossRequest>,
    ) -> Result<Response<CancelLossResponse>, Status> {
        Self::obey(&request.into_inner().in_reader.unwrap_or_default().reader).await?;
        Ok(Response::new(CancelLossResponse {
            card: Some(card(CardState::Active)),
        }))
    }
}

fn entry(card: Option<BlockedCard>) -> BlacklistEntry {
    BlacklistEntry {
        card,
        reason: BlockReason::ByHand.into(),
        note: "found".to_owned(),
        version: 12,
        ..BlacklistEntry::default()
    }
}

fn number(text: &str) -> BlockedCard {
    BlockedCard {
        card: Some(blocked_card::Card::CardNumber(text.to_owned())),
    }
}

#[tonic::async_trait]
impl BlacklistService for Desk {
    async fn add_entry(
        &self,
        request: Request<AddEntryRequest>,
    ) -> Result<Response<AddEntryResponse>, Status> {
        let request = request.into_inner();
        Ok(Response::new(AddEntryResponse {
            entry: Some(entry(request.card)),
        }))
    }

    async fn remove_entry(
        &self,
        _: Request<RemoveEntryRequest>,
    ) -> Result<Response<RemoveEntryResponse>, Status> {
        Err(refusal(
            Code::FailedPrecondition,
            ErrorReason::EntryFromState,
        ))
    }

    async fn get_entry(
        &self,
        request: Request<GetEntryRequest>,
    ) -> Result<Response<GetEntryResponse>, Status> {
        let card = request.into_inner().card;
        Ok(Response::new(GetEntryResponse {
            entry: Some(entry(card)),
        }))
    }

    /// Two pages of one entry.
    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let is_first = request.into_inner().page_token.is_empty();
        Ok(Response::new(ListEntriesResponse {
            entries: vec![entry(Some(number(if is_first { "1111" } else { "2222" })))],
            next_page_token: if is_first { "p2" } else { "" }.to_owned(),
        }))
    }

    /// Number 1111 is blocked.
    async fn check_card(
        &self,
        request: Request<CheckCardRequest>,
    ) -> Result<Response<CheckCardResponse>, Status> {
        let blocked = request.into_inner().card == Some(number("1111"));
        let reason = if blocked {
            BlockReason::Lost
        } else {
            BlockReason::Unspecified
        };
        Ok(Response::new(CheckCardResponse {
            blocked,
            reason: reason.into(),
            data_version: 12,
        }))
    }

    async fn check_cards(
        &self,
        _: Request<CheckCardsRequest>,
    ) -> Result<Response<CheckCardsResponse>, Status> {
        Err(Status::unimplemented("the command line checks one"))
    }
}

/// The form of UIDs in decimal.
fn decimal_form(is_used: bool) -> NumberForm {
    NumberForm {
        description: "UID, decimal".to_owned(),
        configuration: "[[numbers.form]]\nof = \"uid\"\ncoding = \"decimal\"\n".to_owned(),
        standard: is_used,
        in_use: is_used,
        whole: true,
    }
}

#[tonic::async_trait]
impl NumberService for Desk {
    async fn list_number_forms(
        &self,
        _: Request<ListNumberFormsRequest>,
    ) -> Result<Response<ListNumberFormsResponse>, Status> {
        let configured = NumberForm {
            standard: false,
            description: "card number, digits 9 to 2 from the right".to_owned(),
            ..decimal_form(true)
        };
        Ok(Response::new(ListNumberFormsResponse {
            forms: vec![decimal_form(true), configured],
        }))
    }

    /// 1111 is on the card with that number, 2222 on two cards, 4444 on a chip
    /// that is only on the blacklist; anything else is on none.
    async fn find_cards(
        &self,
        request: Request<FindCardsRequest>,
    ) -> Result<Response<FindCardsResponse>, Status> {
        let printed = request.into_inner().printed;
        let found = |number: &str, state| FoundCard {
            card_number: number.to_owned(),
            forms: vec!["UID, decimal".to_owned()],
            card: Some(Card {
                card_number: number.to_owned(),
                ..card(state)
            }),
            ..FoundCard::default()
        };
        let cards = match printed.as_str() {
            "1111" => vec![found("1111", CardState::Lost)],
            "2222" => vec![
                found("2222", CardState::Active),
                found("5555", CardState::Lost),
            ],
            "4444" => vec![FoundCard {
                uid: vec![0x1E, 0xA6, 0x86, 0x71],
                ..FoundCard::default()
            }],
            _ => vec![],
        };
        Ok(Response::new(FindCardsResponse { cards, more: false }))
    }

    /// Every card fits two forms unless one says 9999 or 8888; with the latter
    /// none can be tried.
    async fn teach_number_forms(
        &self,
        request: Request<TeachNumberFormsRequest>,
    ) -> Result<Response<TeachNumberFormsResponse>, Status> {
        let cards = request.into_inner().cards;
        for card in &cards {
            let uid = hex::encode_upper(&card.uid);
            self.seen.note(format!(
                "taught: {} {} {uid}",
                card.printed, card.card_number
            ));
        }
        let says = |print: &str| cards.iter().any(|card| card.printed == print);
        let is_odd = says("9999") || says("8888");
        let clashing = |number: &str| ClashingCard {
            card: Some(clashing_card::Card::CardNumber(number.to_owned())),
        };
        let forms = vec![
            FittingForm {
                form: Some(decimal_form(true)),
                ..FittingForm::default()
            },
            FittingForm {
                form: Some(decimal_form(false)),
                clashing_cards: 3,
                clashing_at_least: false,
                cards_without: 1,
                example: vec![clashing("1111"), clashing("5555")],
            },
        ];
        Ok(Response::new(TeachNumberFormsResponse {
            forms: if is_odd { vec![] } else { forms },
            more: !is_odd,
            tried: if says("8888") { 0 } else { 120 },
            cards_on_record: 7,
        }))
    }

    /// The student's card has the short number 12345678; that of G2 has none.
    async fn check_short_number(
        &self,
        request: Request<CheckShortNumberRequest>,
    ) -> Result<Response<CheckShortNumberResponse>, Status> {
        let request = request.into_inner();
        let fit = match (
            request.student_number.as_str(),
            request.short_number.as_str(),
        ) {
            ("G2", _) => ShortNumberFit::NothingToCompare,
            (_, "12345678") => ShortNumberFit::Fits,
            _ => ShortNumberFit::Clash,
        };
        Ok(Response::new(CheckShortNumberResponse {
            fit: fit.into(),
            card: Some(card(CardState::Active)),
        }))
    }
}

/// A copy of a card, seen as such.
fn inspected(reader: &str) -> InspectCardResponse {
    InspectCardResponse {
        reader: reader.to_owned(),
        reading: Some(CardReading {
            family: CardFamily::MifareClassic1k.into(),
            uid: vec![0xAA, 0x55, 0xC3, 0x96],
            assurance: AssuranceLevel::UidOnly.into(),
            complete: true,
            ..CardReading::default()
        }),
        atr_parts: vec![AtrPart {
            name: "TS".to_owned(),
            position: 0,
            value: vec![0x3B],
            message: "direct convention".to_owned(),
        }],
        clues: vec![Clue {
            code: "ATS".to_owned(),
            message: "The card has an ATS of its own.".to_owned(),
            weight: ClueWeight::Strong.into(),
            bearing: ClueBearing::Against.into(),
        }],
        ats: vec![0xDA, 0xBC, 0x19, 0x10],
        applications: vec![ApplicationProbe {
            code: "T_UNION".to_owned(),
            message: "T-Union transit".to_owned(),
            aid: vec![0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05],
            state: ApplicationState::Absent.into(),
            status_word: 0x6A82,
        }],
        findings: vec![Finding {
            code: "PROVES_UID".to_owned(),
            message: "This proves little.".to_owned(),
        }],
        hints: vec![CopyHint {
            code: "BLANK_UID".to_owned(),
            message: "The UID is the one of blank cards.".to_owned(),
            grade: HintGrade::Strong.into(),
        }],
    }
}

#[tonic::async_trait]
impl InspectionService for Desk {
    async fn inspect_card(
        &self,
        request: Request<InspectCardRequest>,
    ) -> Result<Response<InspectCardResponse>, Status> {
        let place = request.into_inner().in_reader.unwrap_or_default();
        Self::obey(&place.reader).await?;
        Ok(Response::new(inspected("Reader 0")))
    }

    async fn trace_card(
        &self,
        request: Request<TraceCardRequest>,
    ) -> Result<Response<TraceCardResponse>, Status> {
        let place = request.into_inner().in_reader.unwrap_or_default();
        Self::obey(&place.reader).await?;
        let exchange = |response: &str, failure: ExchangeFailure| MaskedExchange {
            command: "FFCA000000".to_owned(),
            response: response.to_owned(),
            failure: failure.into(),
        };
        Ok(Response::new(TraceCardResponse {
            inspection: Some(inspected("Reader 0")),
            exchanges: vec![
                exchange("0102****9000", ExchangeFailure::Unspecified),
                exchange("", ExchangeFailure::CardGone),
            ],
            dropped_count: 3,
        }))
    }
}

#[tonic::async_trait]
impl PurseService for Desk {
    async fn read_balance(
        &self,
        request: Request<ReadBalanceRequest>,
    ) -> Result<Response<ReadBalanceResponse>, Status> {
        let place = request.into_inner().in_reader.unwrap_or_default();
        Self::obey(&place.reader).await?;
        Ok(Response::new(ReadBalanceResponse {
            reader: "Reader 0".to_owned(),
            family: CardFamily::TUnion.into(),
            card_number: "3104870012345678901".to_owned(),
            balance_fen: -350,
        }))
    }

    async fn read_trips(
        &self,
        request: Request<ReadTripsRequest>,
    ) -> Result<Response<ReadTripsResponse>, Status> {
        let place = request.into_inner().in_reader.unwrap_or_default();
        Self::obey(&place.reader).await?;
        let trip = |kind: TripKind, amount_fen| Trip {
            kind: kind.into(),
            amount_fen,
            terminal: vec![0x30, 0x01, 0x02, 0x03, 0x04, 0x05],
            date: "2026-09-01".to_owned(),
            time_of_day: "07:30:05".to_owned(),
            ..Trip::default()
        };
        Ok(Response::new(ReadTripsResponse {
            reader: "Reader 0".to_owned(),
            family: CardFamily::TUnion.into(),
            card_number: "3104870012345678901".to_owned(),
            trips: vec![
                trip(TripKind::CompoundPurchase, 400),
                trip(TripKind::Load, 10_000),
            ],
            ran_backwards: vec![PurseCounter::Loads.into()],
        }))
    }
}

#[tonic::async_trait]
impl TokenService for Desk {
    async fn create_token(
        &self,
        request: Request<CreateTokenRequest>,
    ) -> Result<Response<CreateTokenResponse>, Status> {
        let request = request.into_inner();
        if request.name == "twice" {
            return Err(refusal(Code::AlreadyExists, ErrorReason::TokenExists));
        }
        Ok(Response::new(CreateTokenResponse {
            token: Some(Token {
                name: request.name,
                role: request.role,
                ..Token::default()
            }),
            secret: "s3cret".to_owned(),
        }))
    }

    async fn list_tokens(
        &self,
        _: Request<ListTokensRequest>,
    ) -> Result<Response<ListTokensResponse>, Status> {
        Ok(Response::new(ListTokensResponse { tokens: Vec::new() }))
    }

    async fn revoke_token(
        &self,
        _: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        Err(refusal(Code::PermissionDenied, ErrorReason::NotPermitted))
    }
}

#[tonic::async_trait]
impl SimulatorService for Desk {
    async fn list_slots(
        &self,
        _: Request<ListSlotsRequest>,
    ) -> Result<Response<ListSlotsResponse>, Status> {
        Ok(Response::new(ListSlotsResponse {
            slots: vec![SimulatorSlot::default()],
        }))
    }

    async fn insert_card(
        &self,
        request: Request<InsertCardRequest>,
    ) -> Result<Response<InsertCardResponse>, Status> {
        let request = request.into_inner();
        self.seen.note(request.description);
        let slot = SimulatorSlot {
            slot: request.slot,
            attached_to: "Simulated reader".to_owned(),
            card_kind: "transit-cpu".to_owned(),
        };
        Ok(Response::new(InsertCardResponse { slot: Some(slot) }))
    }

    async fn remove_card(
        &self,
        _: Request<RemoveCardRequest>,
    ) -> Result<Response<RemoveCardResponse>, Status> {
        Err(refusal(Code::NotFound, ErrorReason::SlotNotFound))
    }
}
