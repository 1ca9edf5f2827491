//! ISO 7816-4 and PC/SC Part 3 words and encodings.
