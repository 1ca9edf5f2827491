//! Values on their way into statements and out of rows, whatever the engine.

use std::borrow::Cow;

use super::{Error, Result};

/// What is bound to a parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
    /// An integer that no column can hold; binding it fails.
    TooLarge,
}

/// What stands in a column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueRef<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// What can be bound to a parameter.
pub(crate) trait ToValue {
    fn to_value(&self) -> Value<'_>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
            Self::TooLarge => Value::TooLarge,
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.into())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        self.as_str().to_value()
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self.into())
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        self.as_slice().to_value()
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        self.as_slice().to_value()
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Integer((*self).into())
    }
}

/// Integers that may not fit are checked where they are bound.
macro_rules! integers {
    ($($integer:ty)+) => { $(
        impl ToValue for $integer {
            fn to_value(&self) -> Value<'_> {
                i64::try_from(*self).map_or(Value::TooLarge, Value::Integer)
            }
        }

        impl FromValue for $integer {
            fn from_value(value: ValueRef<'_>) -> Option<Self> {
                match value {
                    ValueRef::Integer(integer) => integer.try_into().ok(),
                    _ => None,
                }
            }
        }
    )+ };
}

integers!(i64 i16 u64 i32 u32 u16 u8 usize);

/// What a column can be read as; `None` when it holds something else.
pub(crate) trait FromValue: Sized {
    fn from_value(value: ValueRef<'_>) -> Option<Self>;
}

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        i64::from_value(value).map(|integer| integer != 0)
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Blob(bytes) => Some(bytes.to_owned()),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// A list of values for the parameters of a statement, in their order.
pub(crate) trait Params {
    fn values(&self) -> Cow<'_, [Value<'_>]>;
}

impl Params for &[Value<'_>] {
    fn values(&self) -> Cow<'_, [Value<'_>]> {
        self.iter().map(ToValue::to_value).collect()
    }
}

impl Params for Vec<Value<'_>> {
    fn values(&self) -> Cow<'_, [Value<'_>]> {
        self.iter().map(ToValue::to_value).collect()
    }
}

impl Params for [Value<'static>; 0] {
    fn values(&self) -> Cow<'_, [Value<'_>]> {
        Cow::Borrowed(&[])
    }
}

impl<T: ToValue> Params for [T; 1] {
    fn values(&self) -> Cow<'_, [Value<'_>]> {
        self.iter().map(ToValue::to_value).collect()
    }
}

macro_rules! tuples {
    ($($($each:ident)+;)+) => { $(
        impl<$($each: ToValue),+> Params for ($($each,)+) {
            fn values(&self) -> Cow<'_, [Value<'_>]> {
                #[allow(non_snake_case, reason = "each value is named as its type")]
                let ($($each,)+) = self;
                vec![$($each.to_value()),+].into()
            }
        }
    )+ };
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

/// Values of any kinds, for more parameters than a tuple has places.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::sql::ToValue::to_value(&$value)),*].as_slice()
    };
}
pub(crate) use params;

/// Reads a column as a type.
pub(super) fn read<T: FromValue>(value: ValueRef<'_>) -> Result<T> {
    T::from_value(value).ok_or(Error::Type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_do_not_fit_are_refused() {
        assert_eq!(u64::MAX.to_value(), Value::TooLarge);
        assert_eq!(u16::from_value(ValueRef::Integer(65_536)), None);
        assert_eq!(u64::from_value(ValueRef::Integer(-1)), None);
    }

    #[test]
    fn absence_is_told_from_another_kind() {
        assert_eq!(Option::<i64>::from_value(ValueRef::Null), Some(None));
        assert_eq!(Option::<i64>::from_value(ValueRef::Text("1")), None);
        assert_eq!(i64::from_value(ValueRef::Null), None);
    }
}
