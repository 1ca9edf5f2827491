//! The one table of error reasons: the gRPC code of each, and what it says to
//! people in both languages.
//!
//! The texts are whole: they say what is wrong and what to do. Whatever is
//! particular to one case (names of readers, allowed steps) is appended by
//! [`status`](crate::status) and repeated in the error's metadata.

use tonic::Code;
use xueka_api::v1::ErrorReason as R;
use xueka_domain::Language;

/// What is said for one reason.
pub(crate) struct Words {
    pub(crate) code: Code,
    english: &'static str,
    chinese: &'static str,
}

impl Words {
    pub(crate) fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

const fn words(code: Code, english: &'static str, chinese: &'static str) -> Words {
    Words {
        code,
        english,
        chinese,
    }
}

/// The row of a reason. A new reason does not compile until it has one.
pub(crate) fn row(reason: R) -> Words {
    match reason {
        R::Unspecified
        | R::ArgumentInvalid
        | R::RequestIdReused
        | R::PageTokenInvalid
        | R::NotAuthenticated
        | R::NotPermitted
        | R::ShuttingDown => request_row(reason),
        R::NoReader
        | R::ReaderNotFound
        | R::ReaderAmbiguous
        | R::ReaderGone
        | R::ReaderStalled
        | R::ReaderFailed
        | R::ReaderBusy
        | R::PcscUnavailable
        | R::PcscNotPermitted => reader_row(reason),
        R::NoCard
        | R::CardGone
        | R::CardChanged
        | R::CardMute
        | R::CardInUse
        | R::CardUnreadable
        | R::RandomUid
        | R::NoPurse => card_row(reason),
        R::WriteUnderWay
        | R::WriteNotFound
        | R::CardNotWritable
        | R::WriteNotPossible
        | R::PlanOutdated
        | R::CommandRefused
        | R::RawExchangeOff => writing_row(reason),
        R::CardNotFound
        | R::StudentNotFound
        | R::StudentLeft
        | R::NumberTaken
        | R::UidTaken
        | R::StudentHasCard
        | R::NoLiveCard
        | R::IllegalTransition
        | R::NotTheSameCard
        | R::EntryExists
        | R::EntryNotFound
        | R::EntryFromState
        | R::TokenExists
        | R::TokenNotFound => register_row(reason),
        R::RegistryUnavailable | R::RegistryFull | R::RegistryReadOnly => storage_row(reason),
        R::FileNotUsable | R::FileNotMade | R::BatchNotFound => file_row(reason),
        R::BlacklistNotSigned | R::TooManySubscribers => distribution_row(reason),
        R::SlotNotFound | R::CardDescriptionInvalid | R::VirtualReaderGone => simulator_row(reason),
    }
}

fn request_row(reason: R) -> Words {
    match reason {
        R::ArgumentInvalid => words(
            Code::InvalidArgument,
            "a part of the request is wrong",
            "请求内容有误",
        ),
        R::RequestIdReused => words(
            Code::InvalidArgument,
            "this request id was used for another request; make up a new one",
            "该请求编号已用于其他请求，请换用新的编号",
        ),
        R::PageTokenInvalid => words(
            Code::InvalidArgument,
            "the page token is not one this daemon gave; begin with the first page",
            "分页标记无效，请从第一页重新开始",
        ),
        R::NotAuthenticated => words(
            Code::Unauthenticated,
            "no valid token was sent; an administrator makes one with `xueka token create`",
            "未提供有效令牌，请管理员用 `xueka token create` 创建",
        ),
        R::NotPermitted => words(
            Code::PermissionDenied,
            "this caller may not do that; ask an administrator for a token with another role",
            "没有此项权限，请向管理员申请相应角色的令牌",
        ),
        R::ShuttingDown => words(
            Code::Unavailable,
            "the daemon is shutting down; call again when it is back",
            "服务正在停止，请待其恢复后重试",
        ),
        _ => words(
            Code::Internal,
            "the daemon failed; its log says why",
            "服务内部出错，详见服务日志",
        ),
    }
}

fn reader_row(reason: R) -> Words {
    match reason {
        R::NoReader => words(
            Code::FailedPrecondition,
            "no reader is attached; plug one in",
            "未连接读卡器，请插上读卡器",
        ),
        R::ReaderNotFound => words(
            Code::NotFound,
            "no reader has this name; `xueka readers` lists them",
            "没有该名称的读卡器，可用 `xueka readers` 查看",
        ),
        R::ReaderAmbiguous => words(
            Code::FailedPrecondition,
            "several readers are attached; name one",
            "连接了多个读卡器，请指定其中一个",
        ),
        R::ReaderGone => words(
            Code::Unavailable,
            "the reader was unplugged; plug it in again",
            "读卡器已断开，请重新插上",
        ),
        R::ReaderStalled => words(
            Code::Unavailable,
            "the reader does not answer; take the card away, then unplug the reader and plug it in again",
            "读卡器没有响应，请先取走卡片，再拔下读卡器重新插上",
        ),
        R::ReaderBusy => words(
            Code::ResourceExhausted,
            "too many calls wait for this reader; call again in a moment",
            "等待该读卡器的请求过多，请稍后重试",
        ),
        R::PcscUnavailable => words(
            Code::Unavailable,
            "the smart-card service is not running; start it with `systemctl start pcscd`",
            "智能卡服务未运行，请用 `systemctl start pcscd` 启动",
        ),
        R::PcscNotPermitted => words(
            Code::FailedPrecondition,
            "the smart-card service turns the daemon away: allow its user the polkit actions \
             org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card, or end programs \
             that use cards, for it serves 200 at most; `xueka doctor` tells which it is",
            "智能卡服务拒绝了本服务：请在 polkit 中允许本服务的用户执行 \
             org.debian.pcsc-lite.access_pcsc 和 org.debian.pcsc-lite.access_card，\
             或关闭一些使用读卡器的程序（最多同时 200 个）；`xueka doctor` 会说明是哪一种",
        ),
        _ => words(
            Code::Unavailable,
            "the reader failed; unplug it and plug it in again",
            "读卡器出错，请拔下后重新插上",
        ),
    }
}

fn card_row(reason: R) -> Words {
    match reason {
        R::NoCard => words(
            Code::FailedPrecondition,
            "no card is on the reader; place one",
            "读卡器上没有卡片，请放上卡片",
        ),
        R::CardGone => words(
            Code::Aborted,
            "the card was taken away too early; place it again and leave it there",
            "卡片移开过早，请重新放上并保持不动",
        ),
        R::CardChanged => words(
            Code::Aborted,
            "another card came in between; place one card alone",
            "读取过程中换了卡片，请只放一张卡",
        ),
        R::CardMute => words(
            Code::FailedPrecondition,
            "the card does not answer; place it again, flat and alone",
            "卡片没有应答，请将卡片平放后重试，一次只放一张",
        ),
        R::CardInUse => words(
            Code::Unavailable,
            "another program is using the card; close it and try again",
            "卡片正被其他程序占用，请关闭该程序后重试",
        ),
        R::RandomUid => words(
            Code::FailedPrecondition,
            "this card has no number and no UID that stays, so it cannot be issued; use another card",
            "该卡没有卡号，也没有固定不变的 UID，不能发放，请换用其他卡",
        ),
        R::NoPurse => words(
            Code::FailedPrecondition,
            "no purse opens on this card; only transit cards have one that can be read",
            "该卡没有可读取的电子钱包，只有市政交通卡才有",
        ),
        _ => words(
            Code::FailedPrecondition,
            "the card gave neither a number nor a lasting UID",
            "卡片未给出卡号，也没有固定 UID",
        ),
    }
}

fn writing_row(reason: R) -> Words {
    match reason {
        R::WriteUnderWay => words(
            Code::FailedPrecondition,
            "a write to this card was begun and has not ended; put the card on a reader and leave it there to have it finished",
            "该卡的写入尚未完成，请将卡放在读卡器上保持不动，以便完成写入",
        ),
        R::WriteNotFound => words(
            Code::NotFound,
            "no open write has this number; `xueka card write list` shows them",
            "没有该编号的未完成写入，可用 `xueka card write list` 查看",
        ),
        R::CardNotWritable => words(
            Code::FailedPrecondition,
            "this card is not written; put a card of the school on the reader, one that its profile and keys open",
            "该卡不可写入，请放上本校的卡，且其配置与密钥能打开该卡",
        ),
        R::WriteNotPossible => words(
            Code::FailedPrecondition,
            "the profile, the keys or the reader do not allow this writing; nothing was written",
            "配置、密钥或读卡器不支持此写入，未写入任何内容",
        ),
        R::PlanOutdated => words(
            Code::FailedPrecondition,
            "there is no such plan any more, or the card in the reader is another or holds something else than when it was planned; plan anew",
            "写入计划已失效，或卡片不是原来那张、内容已变，请重新生成计划",
        ),
        R::CommandRefused => words(
            Code::InvalidArgument,
            "only commands that select or read may be sent to a card as they are; nothing was sent",
            "只能向卡片直接发送选择或读取类命令，未发送任何命令",
        ),
        _ => words(
            Code::FailedPrecondition,
            "commands are not sent to cards as they are; the setting readers.raw_exchange would allow it",
            "未开放直接向卡片发送命令，可由设置项 readers.raw_exchange 开放",
        ),
    }
}

fn register_row(reason: R) -> Words {
    match reason {
        R::CardNotFound => words(
            Code::NotFound,
            "no such card is on record; check what was typed, and where several cards share a UID, give the number",
            "没有这张卡的登记，请核对所填内容；若多张卡 UID 相同，请改用卡号",
        ),
        R::StudentNotFound => words(
            Code::NotFound,
            "no student has this number; check it against the roll",
            "没有该学籍号的学生，请核对学生名册",
        ),
        R::StudentLeft => words(
            Code::FailedPrecondition,
            "the student has left the school; register the return first",
            "该学生已离校，请先办理返校",
        ),
        R::NumberTaken => words(
            Code::AlreadyExists,
            "this card number belongs to another student",
            "该卡号属于另一名学生",
        ),
        R::UidTaken => words(
            Code::AlreadyExists,
            "this UID is on record with another card, and only the UID would tell the two apart; use another card",
            "该 UID 已登记在另一张卡上，仅凭 UID 无法区分两卡，请换用其他卡",
        ),
        R::StudentHasCard => words(
            Code::FailedPrecondition,
            "the student holds a live card; report it lost or damaged first",
            "该学生已有在用的卡，请先挂失或登记坏卡",
        ),
        R::NoLiveCard => words(
            Code::FailedPrecondition,
            "the student holds no live card",
            "该学生没有在用的卡",
        ),
        R::IllegalTransition => words(
            Code::FailedPrecondition,
            "the card's state does not allow this",
            "卡片当前状态不允许此操作",
        ),
        R::NotTheSameCard => words(
            Code::FailedPrecondition,
            "this is not the card on record: the number fits, the chip does not; keep the card and ask who brought it",
            "这不是登记的那张卡：卡号相符但芯片不符，请留下卡片并核实来源",
        ),
        R::EntryExists => words(
            Code::AlreadyExists,
            "this card is on the blacklist by hand already",
            "该卡已被手工列入黑名单",
        ),
        R::EntryNotFound => words(
            Code::NotFound,
            "this card is not on the blacklist",
            "该卡不在黑名单中",
        ),
        R::EntryFromState => words(
            Code::FailedPrecondition,
            "this block follows from the card's state and ends with it; cancel the loss, for example",
            "该卡因其状态被列入黑名单，请通过解挂等操作解除",
        ),
        R::TokenExists => words(
            Code::AlreadyExists,
            "a token with this name lives; revoke it first or choose another name",
            "同名令牌仍有效，请先吊销或换用其他名称",
        ),
        _ => words(
            Code::NotFound,
            "no token has this name; `xueka token list` lists them",
            "没有该名称的令牌，可用 `xueka token list` 查看",
        ),
    }
}

fn storage_row(reason: R) -> Words {
    match reason {
        R::RegistryFull => words(
            Code::Unavailable,
            "the disk is full and nothing was changed; make room and try again",
            "磁盘已满，未作任何更改，请清理空间后重试",
        ),
        R::RegistryReadOnly => words(
            Code::Unavailable,
            "the registry cannot be written to and nothing was changed; check the rights of its file",
            "登记库不可写，未作任何更改，请检查文件权限",
        ),
        _ => words(
            Code::Unavailable,
            "the registry cannot be reached; the daemon's log says why",
            "无法访问登记库，详见服务日志",
        ),
    }
}

fn file_row(reason: R) -> Words {
    match reason {
        R::FileNotUsable => words(
            Code::InvalidArgument,
            "the file cannot be used and nothing was changed",
            "文件无法使用，未作任何更改",
        ),
        R::BatchNotFound => words(
            Code::NotFound,
            "there is no such batch; `xueka making list` shows them",
            "没有该批次，可用 `xueka making list` 查看",
        ),
        _ => words(
            Code::FailedPrecondition,
            "the file cannot be made",
            "无法生成文件",
        ),
    }
}

fn distribution_row(reason: R) -> Words {
    match reason {
        R::BlacklistNotSigned => words(
            Code::FailedPrecondition,
            "the blacklist is not signed here: make a key with `xueka blacklist key new` and name \
             it as blacklist.signing_key_file",
            "本服务未对黑名单签名：请用 `xueka blacklist key new` 生成密钥，\
             并在 blacklist.signing_key_file 中指定",
        ),
        _ => words(
            Code::ResourceExhausted,
            "too many follow the blacklist already; call again later, or fetch it from time to time",
            "跟随黑名单的订阅者过多，请稍后重试，或改为定时下载",
        ),
    }
}

fn simulator_row(reason: R) -> Words {
    match reason {
        R::SlotNotFound => words(
            Code::NotFound,
            "there is no such slot; `xueka sim list` lists them",
            "没有该卡槽，可用 `xueka sim list` 查看",
        ),
        R::CardDescriptionInvalid => words(
            Code::InvalidArgument,
            "the description of the card is wrong",
            "卡片描述有误",
        ),
        _ => words(
            Code::Unavailable,
            "the virtual reader does not accept a card; check that it is plugged in, and that pcscd runs and serves it",
            "虚拟读卡器不接受卡片，请检查读卡器是否接入、pcscd 是否运行并提供该读卡器",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_of_its_own_in_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for number in 0..=200 {
            let Ok(reason) = R::try_from(number) else {
                continue;
            };
            let row = row(reason);
            for language in [Language::English, Language::Chinese] {
                assert!(
                    seen.insert(row.text(language)),
                    "{reason:?} repeats another's words"
                );
            }
            let chinese = row.text(Language::Chinese);
            assert!(
                chinese.chars().any(|c| c > '\u{2E7F}'),
                "{reason:?}: {chinese}"
            );
            assert!(row.text(Language::English).is_ascii(), "{reason:?}");
        }
    }
}
