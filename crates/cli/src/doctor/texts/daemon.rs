//! What is said of the daemon.

use super::{Texts, good, polkit_rule};
use crate::doctor::Check;

pub(super) fn of_daemon(check: Check) -> Texts {
    match check {
        Check::DaemonNotRunning => Texts {
            seen: [
                "<server> 处没有守护进程。",
                "There is no daemon at <server>.",
            ],
            why: [
                "没有 xuekad，其他命令都不能用；与读卡器的状况无关。",
                "Without xuekad no other command works; of the readers this says nothing.",
            ],
            cure: [
                "启动它，或用 --server 指明它的地址：\n  sudo systemctl start xuekad",
                "Start it, or say with --server where it is:\n  sudo systemctl start xuekad",
            ],
        },
        Check::DaemonSocketDead => Texts {
            seen: [
                "套接字 <server> 存在，但没有程序在监听。",
                "The socket <server> is there and nobody listens.",
            ],
            why: [
                "xuekad 可能已经崩溃或被终止。",
                "xuekad has probably crashed or was killed.",
            ],
            cure: [
                "重新启动它，并查看它的日志：\n  sudo systemctl restart xuekad\n  journalctl -u xuekad -e",
                "Start it again, and look into its log:\n  sudo systemctl restart xuekad\n  journalctl -u xuekad -e",
            ],
        },
        Check::DaemonSocketClosed => Texts {
            seen: [
                "用户 <user> 无权打开 <server>。",
                "The user <user> may not open <server>.",
            ],
            why: [
                "只有该套接字所属的组可以使用守护进程。",
                "Only members of the socket's group may use the daemon.",
            ],
            cure: [
                "加入该组，然后重新登录：\n  sudo usermod -aG \"$(stat -c %G <socket>)\" <user>",
                "Join that group, then log in anew:\n  sudo usermod -aG \"$(stat -c %G <socket>)\" <user>",
            ],
        },
        Check::DaemonRefuses => Texts {
            seen: [
                "<server> 处的守护进程不允许列出读卡器。",
                "The daemon at <server> does not let you list readers.",
            ],
            why: [
                "缺少令牌，令牌已失效，或者它的权限不够。",
                "There is no token, it has ended, or it has too few rights.",
            ],
            cure: [
                "请管理员创建令牌，再用 --token-file 交给本程序：\n  xueka token create desk --role clerk --save desk.token",
                "Have the administrator make a token, and give it with --token-file:\n  xueka token create desk --role clerk --save desk.token",
            ],
        },
        Check::DaemonFailed => Texts {
            seen: [
                "<server> 处的守护进程没有正常回答：<cause>",
                "The daemon at <server> does not answer as it should: <cause>",
            ],
            why: ["其他命令也会失败。", "Other commands will fail as well."],
            cure: [
                "查看它的日志：\n  journalctl -u xuekad -e",
                "Look into its log:\n  journalctl -u xuekad -e",
            ],
        },
        Check::DaemonTurnedAway => Texts {
            seen: [
                "<server> 处的守护进程在运行，但智能卡服务拒绝了它。",
                "The daemon at <server> runs, and the smart-card service turns it away.",
            ],
            why: [
                "polkit 不允许守护进程的用户 <user>，或使用 pcscd 的程序已达上限。",
                "polkit does not permit the daemon's user <user>, or as many programs use pcscd as it serves.",
            ],
            cure: [
                concat!("允许该用户：\n", polkit_rule!()),
                concat!("Permit that user:\n", polkit_rule!()),
            ],
        },
        _ => good("守护进程在 <server> 运行。", "The daemon runs at <server>."),
    }
}
