//! What is said of readers and their drivers.

use super::{Texts, good, polkit_rule};
use crate::doctor::Check;

pub(super) fn of_driver(check: Check) -> Texts {
    match check {
        Check::DriverNotInstalled => Texts {
            seen: [
                "插着读卡器，但 pcscd 没有 USB 读卡器的驱动。",
                "A reader is plugged in, and pcscd has no driver for USB readers.",
            ],
            why: [
                "没有驱动，pcscd 列不出它。",
                "Without a driver pcscd cannot list it.",
            ],
            cure: [
                "请安装驱动。Debian、Ubuntu：\n  sudo apt-get install libccid\nFedora：\n  sudo dnf install pcsc-lite-ccid\nArch：\n  sudo pacman -S ccid\n然后：\n  sudo systemctl restart pcscd",
                "Install the driver. Debian, Ubuntu:\n  sudo apt-get install libccid\nFedora:\n  sudo dnf install pcsc-lite-ccid\nArch:\n  sudo pacman -S ccid\nThen:\n  sudo systemctl restart pcscd",
            ],
        },
        Check::DriverNotListed => Texts {
            seen: [
                "读卡器 <reader> 已插上，但不在任何驱动的名单里。",
                "The reader <reader> is plugged in and on no driver's list.",
            ],
            why: [
                "pcscd 只启用名单上的读卡器。",
                "pcscd takes only readers that are on a list.",
            ],
            cure: [
                "更新驱动（libccid），或安装厂商的驱动；在驱动的网页上可查这个编号 <id>：\n  sudo apt-get install --only-upgrade libccid\n  https://ccid.apdu.fr/ccid/section.html",
                "Upgrade the driver (libccid) or install the maker's; the driver's page tells of <id>:\n  sudo apt-get install --only-upgrade libccid\n  https://ccid.apdu.fr/ccid/section.html",
            ],
        },
        Check::KernelSeizes => Texts {
            seen: [
                "内核模块 <module> 占用了读卡器 <reader>。",
                "The kernel module <module> holds the reader <reader>.",
            ],
            why: [
                "pcscd 打不开被内核占用的读卡器。",
                "pcscd cannot open a reader that the kernel holds.",
            ],
            cure: [
                "禁止加载这些模块，卸下它们，再重新插上读卡器：\n  printf 'blacklist %s\\n' pn533_usb pn533 port100 nfc | sudo tee /etc/modprobe.d/xueka-readers.conf\n  sudo modprobe -r pn533_usb pn533 port100 nfc\n  sudo systemctl restart pcscd",
                "Forbid these modules, unload them, and plug the reader in again:\n  printf 'blacklist %s\\n' pn533_usb pn533 port100 nfc | sudo tee /etc/modprobe.d/xueka-readers.conf\n  sudo modprobe -r pn533_usb pn533 port100 nfc\n  sudo systemctl restart pcscd",
            ],
        },
        _ => Texts {
            seen: [
                "内核模块 <module> 已加载，现在没有占用读卡器。",
                "The kernel module <module> is loaded and holds no reader now.",
            ],
            why: [
                "下次插上它认识的读卡器（例如 ACR122U），就会被它占用。",
                "It will take the next reader that it knows, such as an ACR122U, away from pcscd.",
            ],
            cure: [
                "禁止加载这些模块，并卸下它们：\n  printf 'blacklist %s\\n' pn533_usb pn533 port100 nfc | sudo tee /etc/modprobe.d/xueka-readers.conf\n  sudo modprobe -r pn533_usb pn533 port100 nfc",
                "Forbid these modules and unload them:\n  printf 'blacklist %s\\n' pn533_usb pn533 port100 nfc | sudo tee /etc/modprobe.d/xueka-readers.conf\n  sudo modprobe -r pn533_usb pn533 port100 nfc",
            ],
        },
    }
}

pub(super) fn of_reader(check: Check) -> Texts {
    match check {
        Check::ReaderNone => Texts {
            seen: ["没有插读卡器。", "No reader is plugged in."],
            why: [
                "没有读卡器就读不到卡。",
                "Without a reader no card can be read.",
            ],
            cure: [
                "插上读卡器，然后看系统是否认出它：\n  lsusb",
                "Plug a reader in, then see whether the system knows of it:\n  lsusb",
            ],
        },
        Check::ReaderNotOffered => Texts {
            seen: [
                "读卡器 <reader> 已插上，驱动也认识它，但 pcscd 没有列出它。",
                "The reader <reader> is plugged in and the driver knows it, and yet pcscd does not list it.",
            ],
            why: [
                "它可能被别的程序占用（<holders>），被虚拟机取走，被设置隐藏，或者死机了。",
                "Another program may hold it (<holders>), a virtual machine may have taken it, it may be hidden by a setting, or it hangs.",
            ],
            cure: [
                "拔下再插上；如果没有用，请看 pcscd 的日志：\n  sudo systemctl restart pcscd\n  journalctl -u pcscd -e",
                "Unplug it and plug it in again; if that does not help, see the log of pcscd:\n  sudo systemctl restart pcscd\n  journalctl -u pcscd -e",
            ],
        },
        Check::ReaderInUse => Texts {
            seen: [
                "读卡器“<reader>”被另一个程序独占。",
                "Another program holds the reader \"<reader>\" for itself.",
            ],
            why: [
                "它放开之前读不到卡。可能是：<holders>",
                "No card can be read there until it lets go. It may be: <holders>",
            ],
            cure: [
                "关闭那个程序。GnuPG 的 scdaemon 和 GNOME 的 gsd-smartcard 可以这样结束：\n  gpgconf --kill scdaemon\n  systemctl --user mask --now org.gnome.SettingsDaemon.Smartcard.service",
                "End that program. GnuPG's scdaemon and GNOME's gsd-smartcard are ended so:\n  gpgconf --kill scdaemon\n  systemctl --user mask --now org.gnome.SettingsDaemon.Smartcard.service",
            ],
        },
        Check::ReaderNotPermitted => Texts {
            seen: [
                "智能卡服务不允许用户 <user> 使用读卡器“<reader>”。",
                "The smart-card service does not let the user <user> use the reader \"<reader>\".",
            ],
            why: [
                "polkit 允许了服务本身，但没有允许卡（access_card）。",
                "polkit permits the service and not the cards (access_card).",
            ],
            cure: [
                concat!("安装这条规则：\n", polkit_rule!()),
                concat!("Install this rule:\n", polkit_rule!()),
            ],
        },
        Check::ReaderFailed => Texts {
            seen: [
                "读卡器“<reader>”报错 <code>。",
                "The reader \"<reader>\" failed with error <code>.",
            ],
            why: ["现在不能用它读卡。", "No card can be read there now."],
            cure: [
                "拔下再插上；如果没有用：\n  sudo systemctl restart pcscd",
                "Unplug it and plug it in again; if that does not help:\n  sudo systemctl restart pcscd",
            ],
        },
        _ => good(
            "读卡器“<reader>”可以使用。",
            "The reader \"<reader>\" can be used.",
        ),
    }
}

pub(super) fn of_model(check: Check) -> Texts {
    match check {
        Check::ReaderNoField => Texts {
            seen: [
                "<model> 只列出了接触式或 SAM 卡槽（<readers>），没有非接触式感应区。",
                "Of the <model> only contact or SAM slots are listed (<readers>), not its field.",
            ],
            why: [
                "学生卡要放在感应区上读，现在读不到。",
                "Student cards are read in the field, so none can be read now.",
            ],
            cure: [
                "检查是否有设置隐藏了它，更新驱动，再重新插上读卡器：\n  sudo apt-get install --only-upgrade libccid\n  sudo systemctl restart pcscd",
                "See whether a setting hides it, upgrade the driver, and plug the reader in again:\n  sudo apt-get install --only-upgrade libccid\n  sudo systemctl restart pcscd",
            ],
        },
        Check::ReaderEscapes => Texts {
            seen: [
                "驱动不放行读卡器“<reader>”的扩展命令（escape）。",
                "The driver keeps escape commands from the reader \"<reader>\".",
            ],
            why: [
                "因此没有卡时它的灯和蜂鸣器不能用；读卡不受影响。",
                "So its light and buzzer cannot be used while no card lies there; cards are read all the same.",
            ],
            cure: [
                "在驱动的设置里放行：\n  sudo sed -i --follow-symlinks '/>ifdDriverOptions</{n;s/0x0000/0x0001/}' <plist>\n  sudo systemctl restart pcscd",
                "Let them pass, in the options of the driver:\n  sudo sed -i --follow-symlinks '/>ifdDriverOptions</{n;s/0x0000/0x0001/}' <plist>\n  sudo systemctl restart pcscd",
            ],
        },
        _ => Texts {
            seen: [
                "<reader> 的固件是 <release>，早于 <good_from>。",
                "The firmware of the <reader> is <release>, older than <good_from>.",
            ],
            why: [
                "CCID 驱动认为这个版本有缺陷，不予启用。",
                "The CCID driver knows it to be faulty and does not take it.",
            ],
            cure: [
                "用厂商的工具更新固件，或换一台读卡器。",
                "Have the maker's tool load newer firmware, or use another reader.",
            ],
        },
    }
}
