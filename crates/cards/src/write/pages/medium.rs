//! The places of a plan on an Ultralight or NTAG.

use xueka_domain::Uid;

use super::chip::{Page, Tag};
use crate::{
    type2::{Ntag, PAGE_BYTES},
    write::{Content, Medium, Place, Side, Standing, Step, WriteError, WritePlan},
};

/// An Ultralight or NTAG with a plan.
pub(in crate::write) struct PageMedium<'a> {
    tag: Tag<'a>,
    plan: &'a WritePlan,
    /// Which chip it is, where the plan has a password.
    chip: Option<Ntag>,
}

impl<'a> PageMedium<'a> {
    /// Looks at the chip and refuses a plan with pages that are not for data,
    /// password, its acknowledgement and AUTH0.
    ///
    /// # Errors
    ///
    /// [`WriteError::NoSuchPlace`]; [`WriteError::NoPassThrough`] where a
    /// password cannot be given to the chip.
    pub(super) fn new(mut tag: Tag<'a>, plan: &'a WritePlan) -> Result<Self, WriteError> {
        let has_password = |step: &Step| !step.keys.is_empty();
        let mut chip = None;
        if plan.steps.iter().any(has_password) {
            if !tag.passes() {
                return Err(WriteError::NoPassThrough);
            }
            chip = tag.version()?;
        }
        let (data, _) = tag.data_pages()?;
        for step in &plan.steps {
            let Place::Page(page) = step.place else {
                return Err(WriteError::NoSuchPlace);
            };
            let is_known = match (&step.old, &step.new) {
                (Content::Bytes(old), Content::Bytes(new)) => {
                    match (<Page>::try_from(&**old), <Page>::try_from(&**new)) {
                        (Ok(old), Ok(new)) => {
                            let is_configuration =
                                chip.is_some_and(|it| it.configuration_page() == page);
                            data.contains(&page.into())
                                || (is_configuration && is_auth0_alone(old, new))
                        }
                        _ => false,
                    }
                }
                (Content::Key(_), Content::Key(_)) => chip.is_some_and(|chip| {
                    page == chip.password_page() || page == chip.acknowledgement_page()
                }),
                _ => false,
            };
            if !is_known {
                return Err(WriteError::NoSuchPlace);
            }
        }
        Ok(Self { tag, plan, chip })
    }

    /// A password that seems to be another is looked at twice, and the card must
    /// be there before and after.
    fn password_standing(
        &mut self,
        step: &Step,
        old: &str,
        new: &str,
    ) -> Result<Standing, WriteError> {
        for _ in 0..2 {
            if let Some(opened) = self.tag.open([old, new])? {
                let held = self.tag.passwords.password(&opened.name)?;
                let is = |name| Ok::<_, WriteError>(self.tag.passwords.password(name)? == held);
                return Ok(standing(is(old)?, is(new)?));
            }
            if self.is_open_to_all(step)? {
                return Ok(Standing::Other);
            }
            if self.tag.uid()? != self.plan.uid {
                return Err(WriteError::OtherCard);
            }
        }
        Ok(Standing::Closed)
    }

    /// Whether AUTH0 leaves the page of a step to anyone.
    fn is_open_to_all(&mut self, step: &Step) -> Result<bool, WriteError> {
        let (Some(chip), Place::Page(page)) = (self.chip, step.place) else {
            return Err(WriteError::NoSuchPlace);
        };
        let [.., auth0] = self.tag.read(chip.configuration_page())?;
        Ok(auth0 > page)
    }

    fn acknowledgement_standing(
        &mut self,
        step: &Step,
        old: &str,
        new: &str,
    ) -> Result<Standing, WriteError> {
        let names = step.keys.iter().map(|used| used.name.as_str());
        // Where no password opens the chip, that page's own step tells.
        let Some(opened) = self.tag.open(names)? else {
            return Ok(Standing::Other);
        };
        let held = opened.acknowledgement;
        let is = |name| Ok::<_, WriteError>(self.tag.passwords.acknowledgement(name)? == held);
        Ok(standing(is(old)?, is(new)?))
    }

    fn is_password_page(&self, page: u8) -> bool {
        self.chip.is_some_and(|chip| chip.password_page() == page)
    }
}

/// Whether two contents of the configuration page differ in AUTH0 alone.
fn is_auth0_alone(old: Page, new: Page) -> bool {
    let without_auth0 = |page: Page| page.into_iter().take(PAGE_BYTES - 1);
    without_auth0(old).eq(without_auth0(new))
}

fn standing(is_old: bool, is_new: bool) -> Standing {
    match (is_old, is_new) {
        (true, true) => Standing::Same,
        (true, false) => Standing::Old,
        (false, true) => Standing::New,
        (false, false) => Standing::Other,
    }
}

impl Medium for PageMedium<'_> {
    fn uid(&mut self) -> Result<Uid, WriteError> {
        self.tag.uid()
    }

    fn standing(&mut self, step: &Step) -> Result<Standing, WriteError> {
        let Place::Page(page) = step.place else {
            return Err(WriteError::NoSuchPlace);
        };
        match (&step.old, &step.new) {
            (Content::Bytes(old), Content::Bytes(new)) => {
                let held = self.tag.read(page)?;
                Ok(standing(held == **old, held == **new))
            }
            (Content::Key(old), Content::Key(new)) if self.is_password_page(page) => {
                self.password_standing(step, old, new)
            }
            (Content::Key(old), Content::Key(new)) => self.acknowledgement_standing(step, old, new),
            _ => Err(WriteError::NoSuchPlace),
        }
    }

    fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError> {
        let Place::Page(page) = step.place else {
            return Err(WriteError::NoSuchPlace);
        };
        let content = match side {
            Side::Old => &step.old,
            Side::New => &step.new,
        };
        let data = match content {
            Content::Bytes(bytes) => {
                <[u8; PAGE_BYTES]>::try_from(&**bytes).map_err(|_| WriteError::NoSuchPlace)?
            }
            Content::Key(name) if self.is_password_page(page) => {
                self.tag.passwords.password(name)?
            }
            Content::Key(name) => {
                let [first, second] = self.tag.passwords.acknowledgement(name)?;
                [first, second, 0x00, 0x00]
            }
            _ => return Err(WriteError::NoSuchPlace),
        };
        self.tag.write(page, data, &step.keys)
    }
}
