//! The daemon and the command line against the comparator in C.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tonic::{Code, transport::Channel};
use xueka_api::v1::{
    ListReadersRequest, ReadCardRequest, ReaderState, reader_service_client::ReaderServiceClient,
};

use crate::{
    N_ROUNDS, SLOW_SLOT, Setting,
    cards::REAL_CARD,
    child::{Helper, Role},
    echo, idle,
    raw::in_transaction,
    report::Section,
    sample::{Series, median, median_of, nanoseconds},
};

/// Readings a round of the card that answers at once.
const N_READINGS: usize = 200;
/// Readings a round of the card that takes its time.
const N_SLOW_READINGS: usize = 25;
/// Processes a round.
const N_PROCESSES: usize = 8;
/// For how long the idle daemon is watched.
const IDLE_TIME: Duration = Duration::from_secs(20);
/// How long the daemon may take for what it does within a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// A daemon on the private pcscd and an echo beside it.
pub(crate) struct Service {
    folder: TempDir,
    daemon: Helper,
    _echo: Role,
    client: ReaderServiceClient<Channel>,
    bare: ReaderServiceClient<Channel>,
    runtime: Runtime,
    commands: Vec<Vec<u8>>,
}

impl Service {
    /// Starts both, waits until the daemon has read the cards, and notes with
    /// which commands it reads one.
    pub(crate) fn start(setting: &Setting, cards: &mut Role) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let echo_socket = folder.path().join("echo.sock");
        let echo = Role::start(
            "echo",
            &[
                echo_socket.as_os_str(),
                setting.fast_reader.as_ref(),
                setting.slow_reader.as_ref(),
            ],
        )?;
        let daemon = start_daemon(folder.path())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let socket = socket_in(folder.path());
        await_socket(&socket)?;
        let client = runtime.block_on(echo::connect(&socket))?;
        let bare = runtime.block_on(echo::connect(&echo_socket))?;
        let mut service = Self {
            folder,
            daemon,
            _echo: echo,
            client,
            bare,
            runtime,
            commands: Vec::new(),
        };
        for reader in [&setting.fast_reader, &setting.slow_reader] {
            service.await_reading(reader)?;
        }
        service.commands = service.note_commands(setting, cards)?;
        Ok(service)
    }

    /// Whole calls on the card that answers at once, then on the one that
    /// takes its time as a real one does.
    pub(crate) fn measure_calls(&mut self, setting: &Setting) -> anyhow::Result<Section> {
        let (mut raw, mut call) = <(Series, Series)>::default();
        let (mut bare, mut around) = <(Series, Series)>::default();
        let (mut slow_raw, mut slow_call) = <(Series, Series)>::default();
        let mut slow_around = Series::default();
        let commands = self.commands.clone();
        let fast = in_transaction(&setting.fast_reader, &commands);
        let slow = in_transaction(&setting.slow_reader, &commands);
        for _ in 0..N_ROUNDS {
            raw.push(setting.raw.measure(fast, N_READINGS)?);
            call.push(self.read_often(&setting.fast_reader, N_READINGS)?);
            around.push(self.echo_often(&setting.fast_reader, N_READINGS)?);
            bare.push(self.echo_often("", N_READINGS)?);
            slow_raw.push(setting.raw.measure(slow, N_SLOW_READINGS)?);
            slow_call.push(self.read_often(&setting.slow_reader, N_SLOW_READINGS)?);
            slow_around.push(self.echo_often(&setting.slow_reader, N_SLOW_READINGS)?);
        }
        let with_delay = format!("a card that takes {} ms a command", REAL_CARD.as_millis());
        let extra = call.minus(&raw);
        Ok(Section::new("gRPC ReadCard over the Unix socket")
            .time("bare unary call with nothing to do", bare.median())
            .time(
                "plain C, the same exchanges, beside the daemon",
                raw.median(),
            )
            .time("the same reading inside a bare unary call", around.median())
            .time("ReadCard", call.median())
            .count(
                "ReadCard over plain C, in calls around a reading",
                extra.ratio_to(&around.minus(&raw)),
            )
            .figure(
                "ReadCard over plain C, in calls with nothing to do",
                extra.ratio_to(&bare),
                "",
                1.5,
            )
            .time(format!("plain C, {with_delay}"), slow_raw.median())
            .time("the same inside a bare unary call", slow_around.median())
            .time("ReadCard of it", slow_call.median())
            .figure(
                "ReadCard to plain C",
                slow_call.ratio_to(&slow_raw),
                "",
                1.03,
            ))
    }

    /// Whole processes, each of which reads one card.
    pub(crate) fn measure_processes(&self, setting: &Setting) -> anyhow::Result<Section> {
        let script = in_transaction(&setting.fast_reader, &self.commands);
        let (mut raw, mut cli) = <(Series, Series)>::default();
        for _ in 0..N_ROUNDS {
            raw.push(time_processes(|| setting.raw.command(script, 1))?);
            cli.push(time_processes(|| self.read_command(&setting.fast_reader))?);
        }
        Ok(Section::new("One process that reads one card")
            .time("plain C", raw.median())
            .time("xueka read", cli.median())
            .figure("xueka read to plain C", cli.ratio_to(&raw), "", 6.0))
    }

    /// The daemon with nothing to do; the cards must have been taken away.
    pub(crate) fn measure_idle(&mut self) -> anyhow::Result<Section> {
        self.await_empty_fields()?;
        let usage = idle::watch(self.daemon.id(), IDLE_TIME)?;
        let n_switches = f64::from(u32::try_from(usage.n_switches)?);
        Ok(
            Section::new("The daemon with readers waiting for cards, for 20 s")
                .count(
                    "context switches a second",
                    n_switches / usage.watched.as_secs_f64(),
                )
                .figure(
                    "processor time; the kernel's clock tells 10 ms apart",
                    usage.on_processor.as_secs_f64() * 1e3,
                    "ms",
                    10.0,
                ),
        )
    }

    /// The commands that one call sends, as the card saw them.
    fn note_commands(
        &mut self,
        setting: &Setting,
        cards: &mut Role,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let question = format!("commands {SLOW_SLOT}");
        let n_before = cards.ask(&question)?.split_whitespace().count();
        self.await_reading(&setting.slow_reader)?;
        let line = cards.ask(&question)?;
        let commands = line.split_whitespace().skip(n_before).map(hex::decode);
        Ok(commands.collect::<Result<_, _>>()?)
    }

    fn read_often(&mut self, reader: &str, n: usize) -> anyhow::Result<f64> {
        call_often(&self.runtime, &mut self.client, reader, n)
    }

    fn echo_often(&mut self, reader: &str, n: usize) -> anyhow::Result<f64> {
        call_often(&self.runtime, &mut self.bare, reader, n)
    }

    fn read_command(&self, reader: &str) -> Command {
        let mut command = Command::new(program("xueka"));
        let server = format!("unix:{}", socket_in(self.folder.path()).display());
        command.args(["read", "--reader", reader, "--server", &server]);
        command
    }

    /// Waits until the daemon has noticed the card in a field.
    fn await_reading(&mut self, reader: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let outcome = self
                .runtime
                .block_on(self.client.read_card(request(reader)));
            match outcome {
                Ok(answer) => {
                    let reading = answer.into_inner().reading.unwrap_or_default();
                    ensure!(reading.complete, "the daemon reads the card incompletely");
                    return Ok(());
                }
                Err(status) if Instant::now() > deadline || status.code() == Code::Internal => {
                    return Err(status).context("the daemon does not read the virtual card");
                }
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn await_empty_fields(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let list = self.client.list_readers(ListReadersRequest {});
            let readers = self.runtime.block_on(list)?.into_inner().readers;
            if readers.iter().all(|r| r.state() == ReaderState::Empty) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "a card stays in its field");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn call_often(
    runtime: &Runtime,
    client: &mut ReaderServiceClient<Channel>,
    reader: &str,
    n: usize,
) -> anyhow::Result<f64> {
    let median = median_of(n, || {
        runtime
            .block_on(client.read_card(request(reader)))
            .map(drop)
    });
    median.context("a call failed")
}

fn request(reader: &str) -> ReadCardRequest {
    ReadCardRequest {
        reader: reader.into(),
        wait: None,
    }
}

/// The median time of a round of processes, in nanoseconds.
fn time_processes(command: impl Fn() -> Command) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(N_PROCESSES);
    for _ in 0..N_PROCESSES {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begin = Instant::now();
        let status = command
            .status()
            .with_context(|| format!("{command:?} cannot be run"))?;
        times.push(nanoseconds(begin.elapsed()));
        ensure!(status.success(), "{command:?} failed");
    }
    Ok(median(times))
}

/// A daemon on the pcscd of this process, with its files in `folder`.
pub(crate) fn start_daemon(folder: &Path) -> anyhow::Result<Helper> {
    let config = folder.join("xuekad.toml");
    let text = format!(
        "[listen]\nsocket = '{}'\n[registry]\npath = '{}'\n",
        socket_in(folder).display(),
        folder.join("registry.db").display(),
    );
    fs::write(&config, text)?;
    let mut command = Command::new(program("xuekad"));
    command.arg("--config").arg(&config);
    Helper::start(command, &folder.join("xuekad.log"))
}

/// The daemon's socket in its folder.
pub(crate) fn socket_in(folder: &Path) -> PathBuf {
    folder.join("xuekad.sock")
}

/// A program of this project, built beside this one.
fn program(name: &str) -> PathBuf {
    std::env::current_exe()
        .unwrap_or_default()
        .with_file_name(name)
}

/// Waits until a daemon answers.
pub(crate) fn await_socket(socket: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        if Instant::now() > deadline {
            let log = socket.with_file_name("xuekad.log");
            let log = fs::read_to_string(log).unwrap_or_default();
            anyhow::bail!("the daemon does not start:\n{log}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
