//! Applications in words.

use xueka_domain::Language;

use super::{Explanation, choose};
use crate::KnownApplication;

/// What an application is.
#[must_use]
pub fn application(application: KnownApplication, language: Language) -> Explanation {
    use KnownApplication as A;
    let (code, english, chinese) = match application {
        A::TUnion => ("T_UNION", "T-Union transit", "交通联合"),
        A::CityUnion => ("CITY_UNION", "CityUnion transit", "城市一卡通"),
        A::PaymentEnvironment => (
            "PAYMENT_ENVIRONMENT",
            "payment environment 1PAY.SYS.DDF01, the root of many purse cards",
            "支付环境 1PAY.SYS.DDF01，许多钱包卡的根目录",
        ),
        A::Ndef => (
            "NDEF",
            "NFC Forum type 4 tag (NDEF)",
            "NFC Forum 4 类标签（NDEF）",
        ),
        A::Desfire => ("DESFIRE", "MIFARE DESFire", "MIFARE DESFire 卡"),
        A::TravelDocument => ("TRAVEL_DOCUMENT", "travel document", "旅行证件"),
        A::ContactlessPaymentEnvironment => (
            "CONTACTLESS_PAYMENT_ENVIRONMENT",
            "contactless payment 2PAY.SYS.DDF01, a bank card or a phone",
            "非接触支付 2PAY.SYS.DDF01，银行卡或手机",
        ),
    };
    Explanation::new(code, choose(language, english, chinese))
}
