//! What is looked at, each with its stable name.

macro_rules! checks {
    ($($check:ident: $id:literal;)+) => {
        /// What is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Check {
            $($check,)+
        }

        impl Check {
            /// All checks.
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$check),+];

            /// The name by which programs know it.
            pub(crate) fn id(self) -> &'static str {
                match self {
                    $(Self::$check => $id,)+
                }
            }
        }
    };
}

checks! {
    ServiceServes: "service.serves";
    ServiceNotInstalled: "service.not-installed";
    ServiceNotRunning: "service.not-running";
    ServiceSocketDead: "service.socket-dead";
    ServiceHangs: "service.hangs";
    ServiceFailed: "service.failed";
    ServiceFull: "service.full";
    ServiceTurnsAway: "service.turns-away";
    ServiceNotPermitted: "service.not-permitted";
    ServiceHidepid: "service.hidepid";
    ServiceVersion: "service.version";
    ServiceFilter: "service.filter";
    ServiceRights: "service.rights";
    DriverNotInstalled: "driver.not-installed";
    DriverNotListed: "driver.not-listed";
    KernelSeizes: "kernel.seizes";
    KernelWouldSeize: "kernel.would-seize";
    ReaderSeen: "reader.seen";
    ReaderNone: "reader.none";
    ReaderNotOffered: "reader.not-offered";
    ReaderInUse: "reader.in-use";
    ReaderNotPermitted: "reader.not-permitted";
    ReaderFailed: "reader.failed";
    ReaderNoField: "reader.no-field";
    ReaderEscapes: "reader.escapes";
    ReaderFirmware: "reader.firmware";
    DaemonServes: "daemon.serves";
    DaemonNotRunning: "daemon.not-running";
    DaemonSocketDead: "daemon.socket-dead";
    DaemonSocketClosed: "daemon.socket-closed";
    DaemonRefuses: "daemon.refuses";
    DaemonFailed: "daemon.failed";
    DaemonTurnedAway: "daemon.turned-away";
}
