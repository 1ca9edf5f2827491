//! What is said of the PC/SC service.

use super::{Texts, good, polkit_rule};
use crate::doctor::Check;

pub(super) fn of_service(check: Check) -> Texts {
    match check {
        Check::ServiceNotInstalled => Texts {
            seen: [
                "没有安装智能卡服务 pcscd。",
                "The smart-card service pcscd is not installed.",
            ],
            why: [
                "所有读卡器都由 pcscd 管理，没有它就读不到卡。",
                "All readers are reached through pcscd; without it no card can be read.",
            ],
            cure: [
                "请安装它。Debian、Ubuntu：\n  sudo apt-get install pcscd libccid\nFedora：\n  sudo dnf install pcsc-lite pcsc-lite-ccid\nArch：\n  sudo pacman -S pcsclite ccid",
                "Install it. Debian, Ubuntu:\n  sudo apt-get install pcscd libccid\nFedora:\n  sudo dnf install pcsc-lite pcsc-lite-ccid\nArch:\n  sudo pacman -S pcsclite ccid",
            ],
        },
        Check::ServiceNotRunning => Texts {
            seen: [
                "智能卡服务 pcscd 已安装，但没有运行。",
                "The smart-card service pcscd is installed and does not run.",
            ],
            why: [
                "所有读卡器都由 pcscd 管理，没有它就读不到卡。",
                "All readers are reached through pcscd; without it no card can be read.",
            ],
            cure: [
                "启动它，并让它随系统启动：\n  sudo systemctl enable --now pcscd.socket",
                "Start it, now and at each start of the system:\n  sudo systemctl enable --now pcscd.socket",
            ],
        },
        Check::ServiceSocketDead => Texts {
            seen: [
                "智能卡服务的套接字 <socket> 存在，但没有程序在监听。",
                "The socket of the smart-card service, <socket>, is there and nobody listens.",
            ],
            why: [
                "pcscd 可能已经崩溃或被终止，留下了这个套接字。",
                "pcscd has probably crashed or was killed, and left its socket behind.",
            ],
            cure: [
                "重新启动 pcscd，并查看它的日志：\n  sudo systemctl restart pcscd.socket pcscd\n  journalctl -u pcscd -e",
                "Start pcscd again, and look into its log:\n  sudo systemctl restart pcscd.socket pcscd\n  journalctl -u pcscd -e",
            ],
        },
        Check::ServiceHangs => Texts {
            seen: [
                "智能卡服务接受了连接，却不回答。",
                "The smart-card service takes the connection and says nothing.",
            ],
            why: [
                "pcscd 卡住了，通常是在等一个不回答的读卡器。",
                "pcscd is stuck, mostly because it waits for a reader that does not answer.",
            ],
            cure: [
                "拔下读卡器再插上；如果没有用，就重新启动 pcscd：\n  sudo systemctl restart pcscd",
                "Unplug the readers and plug them in again; if that does not help, start pcscd again:\n  sudo systemctl restart pcscd",
            ],
        },
        Check::ServiceFailed => Texts {
            seen: [
                "智能卡服务报错 <code>。",
                "The smart-card service failed with error <code>.",
            ],
            why: [
                "没有这个服务就读不到卡。",
                "Without this service no card can be read.",
            ],
            cure: [
                "重新启动 pcscd，并查看它的日志：\n  sudo systemctl restart pcscd\n  journalctl -u pcscd -e",
                "Start pcscd again, and look into its log:\n  sudo systemctl restart pcscd\n  journalctl -u pcscd -e",
            ],
        },
        _ => good(
            "智能卡服务 pcscd 在运行，列出 <n_readers> 个读卡器。",
            "The smart-card service pcscd runs and lists <n_readers> readers.",
        ),
    }
}

pub(super) fn of_permission(check: Check) -> Texts {
    match check {
        Check::ServiceFull => Texts {
            seen: [
                "智能卡服务已有 <n_clients> 个连接，最多只服务 <most> 个，不再接受新的。",
                "The smart-card service has <n_clients> clients, serves <most> at most, and takes no more.",
            ],
            why: [
                "某个程序可能没有关闭它的连接。可能是：<holders>",
                "Some program probably does not end its connections. It may be: <holders>",
            ],
            cure: [
                "关闭那个程序，或重新启动 pcscd：\n  sudo systemctl restart pcscd",
                "End that program, or start pcscd again:\n  sudo systemctl restart pcscd",
            ],
        },
        Check::ServiceTurnsAway => Texts {
            seen: [
                "智能卡服务接受了连接，又立即断开。",
                "The smart-card service takes the connection and ends it at once.",
            ],
            why: [
                "要么使用它的程序已达上限（默认 200 个，可能有：<holders>），要么 polkit 拒绝了用户 <user>。",
                "Either as many programs use it as it serves (200 by default; perhaps <holders>), or polkit refuses the user <user>.",
            ],
            cure: [
                concat!(
                    "先看日志说的是哪一种：\n  journalctl -u pcscd -e\n“Too many context running”：关闭一些程序，或重新启动 pcscd。\n  sudo systemctl restart pcscd\n“Rejected unauthorized”：允许该用户。\n",
                    polkit_rule!()
                ),
                concat!(
                    "The log says which it is:\n  journalctl -u pcscd -e\n\"Too many context running\": end some programs, or start pcscd again.\n  sudo systemctl restart pcscd\n\"Rejected unauthorized\": permit the user.\n",
                    polkit_rule!()
                ),
            ],
        },
        Check::ServiceNotPermitted => Texts {
            seen: [
                "智能卡服务拒绝了用户 <user>。",
                "The smart-card service refuses the user <user>.",
            ],
            why: [
                "polkit 默认只允许坐在这台电脑前登录的用户；系统服务和远程登录的用户需要一条规则。pcscd 的连接已满（默认 200 个）时也会这样回答。",
                "By default polkit permits only a user who is logged in at the machine itself; services and remote users need a rule. pcscd answers the same when it serves as many programs as it may (200 by default).",
            ],
            cure: [
                concat!("安装这条规则：\n", polkit_rule!()),
                concat!("Install this rule:\n", polkit_rule!()),
            ],
        },
        _ => Texts {
            seen: [
                "/proc 挂载时带有 hidepid=<option>。",
                "/proc is mounted with hidepid=<option>.",
            ],
            why: [
                "polkit 因此看不到是谁在请求，会拒绝使用读卡器的程序。",
                "polkit then cannot see who asks, and refuses programs that use readers.",
            ],
            cure: [
                "让 polkit 所在的组可以查看进程（组名见 getent group polkitd），或取消这个选项：\n  sudo mount -o remount,hidepid=0 /proc\n并在 /etc/fstab 中作同样的修改。",
                "Let polkit's group see processes (option gid=, of `getent group polkitd`), or drop the option:\n  sudo mount -o remount,hidepid=0 /proc\nand change /etc/fstab in the same way.",
            ],
        },
    }
}

pub(super) fn of_hindrance(check: Check) -> Texts {
    match check {
        Check::ServiceVersion => Texts {
            seen: [
                "pcscd 与客户端库 libpcsclite 的协议版本不同。",
                "pcscd and its client library libpcsclite speak different versions of their protocol.",
            ],
            why: [
                "升级后没有重启 pcscd，或在容器里使用了宿主机的套接字时会这样。",
                "That happens when pcscd was not restarted after an upgrade, or in a container that uses the host's socket.",
            ],
            cure: [
                "重新启动 pcscd；在容器里则安装与宿主机相同版本的 libpcsclite1：\n  sudo systemctl restart pcscd",
                "Start pcscd again; in a container install the same version of libpcsclite1 as on the host:\n  sudo systemctl restart pcscd",
            ],
        },
        Check::ServiceFilter => Texts {
            seen: [
                "pcscd 被设置为隐藏名字含有“<value>”的读卡器（<place>）。",
                "pcscd is told to hide readers whose name has \"<value>\" in it (<place>).",
            ],
            why: [
                "被隐藏的读卡器不会出现在任何程序里。",
                "A reader that is hidden appears in no program.",
            ],
            cure: [
                "如果缺少的正是它，请删去 PCSCLITE_FILTER_IGNORE_READER_NAMES，再重新启动 pcscd：\n  grep -rs PCSCLITE_FILTER /etc/default /etc/systemd/system\n  sudo systemctl daemon-reload\n  sudo systemctl restart pcscd",
                "If that is the one you miss, take PCSCLITE_FILTER_IGNORE_READER_NAMES away and start pcscd again:\n  grep -rs PCSCLITE_FILTER /etc/default /etc/systemd/system\n  sudo systemctl daemon-reload\n  sudo systemctl restart pcscd",
            ],
        },
        _ => Texts {
            seen: [
                "pcscd 以用户 <user> 运行，不能打开读卡器 <reader> 的设备 <node>。",
                "pcscd runs as the user <user>, who may not open <node>, the device of the reader <reader>.",
            ],
            why: ["所以它列不出这个读卡器。", "So it cannot list this reader."],
            cure: [
                "重新安装驱动的 udev 规则，并重新插上读卡器：\n  sudo apt-get install --reinstall libccid\n  sudo udevadm control --reload\n  sudo udevadm trigger --subsystem-match=usb\n  sudo systemctl restart pcscd",
                "Install the driver's udev rules anew, and plug the reader in again:\n  sudo apt-get install --reinstall libccid\n  sudo udevadm control --reload\n  sudo udevadm trigger --subsystem-match=usb\n  sudo systemctl restart pcscd",
            ],
        },
    }
}
