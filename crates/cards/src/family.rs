//! One module a family: its facts with their sources, and how it is read.

pub(crate) mod city_union;
pub(crate) mod classic_blocks;
pub(crate) mod desfire;
pub(crate) mod fmcos;
mod info_file;
pub(crate) mod mifare_classic;
pub(crate) mod proof;
pub(crate) mod school_cpu;
pub(crate) mod storage;
pub(crate) mod t_union;
pub(crate) mod transit_cpu;
pub(crate) mod ultralight;
