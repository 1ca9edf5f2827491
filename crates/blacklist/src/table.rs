//! The entries of one kind and length of key.

use std::{mem, panic::resume_unwind, sync::Arc, thread};

use crate::{
    page::{CELL_BITS, N_CELLS, Page, Stored, Tally, mixed},
    row::{Packed, Row, Value},
};

/// Pages of a chapter.
const CHAPTER_BITS: u32 = 7;
const N_PAGES: usize = 1 << CHAPTER_BITS;
/// Rows of a page, on average, before there are twice as many pages. Half as
/// many is what remains then.
const FULL: usize = 1024;
/// Rows of a page, on average, below which the table is built anew smaller.
const SPARSE: usize = 64;

/// Entries by their mixed keys: chapters of pages of cells.
///
/// The upper bits of the mixed key number the page, the next ones the cell. A
/// copy of the table shares all chapters with the original; a change copies one
/// chapter's list of pages and one page, so that whoever looks at the table as
/// it was is left alone.
#[derive(Clone, Default)]
pub(crate) struct Table {
    chapters: Arc<Vec<Arc<Chapter>>>,
    /// How many upper bits number the page.
    page_bits: u32,
    n_rows: usize,
    n_keys: usize,
}

type Chapter = Vec<Arc<Page>>;

/// The numbers by which rows of one table are spread and told apart.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) seed: u64,
    /// The position of the table.
    pub(crate) table: usize,
}

impl Spread {
    fn print(self, stored: &Stored) -> u128 {
        stored.row(self.seed).print(self.table)
    }
}

impl Table {
    /// What is known of one key: from its card's state and by hand.
    #[inline]
    pub(crate) fn find(&self, value: Value, seed: u64) -> [Option<Packed>; 2] {
        let mixed = mixed(value, seed);
        let page = page_of(mixed, self.page_bits);
        self.chapters
            .get(page >> CHAPTER_BITS)
            .and_then(|chapter| chapter.get(page % N_PAGES))
            .map_or([None; 2], |page| {
                page.find(cell_of(mixed, self.page_bits), mixed, value.high)
            })
    }

    /// How many keys have an entry.
    pub(crate) fn n_keys(&self) -> usize {
        self.n_keys
    }

    /// How many entries there are; a key has up to two.
    pub(crate) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// All entries, in no order.
    pub(crate) fn rows(&self, seed: u64) -> impl Iterator<Item = Row> {
        self.stored().map(move |stored| stored.row(seed))
    }

    fn stored(&self) -> impl Iterator<Item = &Stored> {
        let pages = self.chapters.iter().flat_map(|chapter| chapter.iter());
        pages.flat_map(|page| page.rows())
    }

    /// Makes many changes; of two for the same key and origin the later one
    /// counts. Gives what is to be added to the fingerprint.
    pub(crate) fn edit(&mut self, mut edits: Vec<Stored>, spread: Spread) -> u128 {
        if edits.is_empty() {
            return 0;
        }
        let page_bits = page_bits_for(self.n_rows + edits.len());
        if page_bits > self.page_bits || self.chapters.is_empty() {
            self.rebuild(page_bits);
        }
        // A stable sort: changes of one key keep their order.
        edits.sort_by_key(|edit| edit.mixed);
        let page_bits = self.page_bits;
        let mut tally = Tally::default();
        let chapters = Arc::make_mut(&mut self.chapters);
        for edits in
            edits.chunk_by(|a, b| page_of(a.mixed, page_bits) == page_of(b.mixed, page_bits))
        {
            let page = edits
                .first()
                .map_or(0, |edit| page_of(edit.mixed, page_bits));
            let chapter = chapters.get_mut(page >> CHAPTER_BITS);
            if let Some(page) =
                chapter.and_then(|chapter| Arc::make_mut(chapter).get_mut(page % N_PAGES))
            {
                let edited = page.edited(
                    edits,
                    |mixed| cell_of(mixed, page_bits),
                    |stored| spread.print(stored),
                    &mut tally,
                );
                *page = Arc::new(edited);
            }
        }
        self.n_rows = self.n_rows.saturating_add_signed(tally.n_rows);
        self.n_keys = self.n_keys.saturating_add_signed(tally.n_keys);
        if self.n_rows < SPARSE << self.page_bits {
            self.rebuild(page_bits_for(self.n_rows));
        }
        tally.print
    }

    /// Spreads the same entries over another number of pages.
    fn rebuild(&mut self, page_bits: u32) {
        if page_bits == self.page_bits && !self.chapters.is_empty() {
            return;
        }
        let rows = self.stored().copied().collect();
        self.chapters = Arc::new(chapters(rows, page_bits));
        self.page_bits = page_bits;
    }

    /// A table of rows of which no two have the same key and origin.
    pub(crate) fn of_distinct(parts: Parts, n_keys: usize) -> Self {
        let n_rows = parts.len();
        if n_rows == 0 {
            return Self::default();
        }
        let page_bits = page_bits_for(n_rows);
        Self {
            chapters: Arc::new(parts.into_chapters(page_bits)),
            page_bits,
            n_rows,
            n_keys,
        }
    }

    /// A table of rows of which the later one counts when two have the same key
    /// and origin, and what it adds to the fingerprint; `print` is what all rows
    /// together would add.
    pub(crate) fn of_rows(rows: Parts, print: u128, spread: Spread) -> (Self, u128) {
        let n_rows = rows.len();
        let mut table = Self::of_distinct(rows, n_rows);
        let mut n_twins = 0;
        let mut n_repeats = 0;
        for page in table.chapters.iter().flat_map(|chapter| chapter.iter()) {
            let shared = page.count_shared();
            n_twins += shared.n_twins;
            n_repeats += shared.n_repeats;
        }
        if n_repeats > 0 {
            // Rows of one key still lie in the order in which they came.
            let rows = table.stored().copied().collect();
            let mut table = Self::default();
            let print = table.edit(rows, spread);
            return (table, print);
        }
        table.n_keys -= n_twins;
        (table, print)
    }

    /// What the table takes on the heap: every allocation with its counts and
    /// what a usual allocator adds.
    pub(crate) fn heap_bytes(&self) -> usize {
        // The two counts of an `Arc`; the size that an allocator notes.
        const COUNTS: usize = 2 * size_of::<usize>();
        const NOTED: usize = size_of::<usize>();
        let pages = self.chapters.iter().flat_map(|chapter| chapter.iter());
        let pages: usize = pages
            .map(|page| {
                let rows = size_of_val(page.rows());
                size_of::<Page>() + COUNTS + NOTED + rows + NOTED
            })
            .sum();
        let chapters = self.chapters.iter().map(|chapter| {
            let list = chapter.capacity() * size_of::<Arc<Page>>();
            size_of::<Chapter>() + COUNTS + NOTED + list + NOTED
        });
        pages + chapters.sum::<usize>() + self.chapters.capacity() * size_of::<Arc<Chapter>>()
    }
}

/// The fewest bits that number pages which are not full.
fn page_bits_for(n_rows: usize) -> u32 {
    n_rows.div_ceil(FULL).max(1).next_power_of_two().ilog2()
}

#[inline]
fn page_of(mixed: u64, page_bits: u32) -> usize {
    // Two shifts, because there may be no bit.
    usize::try_from(mixed >> 1 >> (63 - page_bits)).unwrap_or(usize::MAX)
}

#[inline]
fn cell_of(mixed: u64, page_bits: u32) -> usize {
    let upper = mixed >> (64 - CELL_BITS - page_bits);
    usize::try_from(upper).unwrap_or(usize::MAX) % N_CELLS
}

/// Bits that number a part.
const PART_BITS: u32 = 8;
/// How many threads put parts of a large table in place.
const N_THREADS: usize = 2;

/// Rows as they come for a new table, parted by the upper bits of their mixed
/// keys, so that each part is put in place within the processor's caches.
#[derive(Default)]
pub(crate) struct Parts {
    /// Empty until the first row comes.
    by_key: Vec<Vec<Stored>>,
    n_rows: usize,
    /// How many rows a part has room for from its beginning.
    room: usize,
}

impl Parts {
    /// Makes room for so many rows, which spread evenly.
    pub(crate) fn reserve(&mut self, n_rows: usize) {
        let even = n_rows >> PART_BITS;
        self.room = even + even / 16;
    }

    #[inline]
    pub(crate) fn push(&mut self, stored: Stored) {
        if self.by_key.is_empty() {
            self.by_key.resize_with(1 << PART_BITS, Vec::new);
        }
        if let Some(part) = self.by_key.get_mut(page_of(stored.mixed, PART_BITS)) {
            if part.capacity() == 0 {
                part.reserve_exact(self.room);
            }
            part.push(stored);
            self.n_rows += 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.n_rows
    }

    /// The rows in pages. Rows of one cell keep their order.
    fn into_chapters(self, page_bits: u32) -> Vec<Arc<Chapter>> {
        if page_bits < PART_BITS {
            return chapters(self.by_key.concat(), page_bits);
        }
        let mut parts = self.by_key;
        let share = parts.len().div_ceil(N_THREADS).max(1);
        let pages: Vec<_> = thread::scope(|scope| {
            let shares = parts.chunks_mut(share);
            let threads: Vec<_> = shares
                .map(|parts| scope.spawn(move || pages_of_parts(parts, page_bits)))
                .collect();
            let pages = threads.into_iter().map(|thread| match thread.join() {
                Ok(pages) => pages,
                Err(panic) => resume_unwind(panic),
            });
            pages.flatten().collect()
        });
        let chapters = pages.chunks(N_PAGES);
        chapters.map(|pages| Arc::new(pages.to_vec())).collect()
    }
}

/// Puts parts into pages one after the other, giving the memory of each back.
fn pages_of_parts(parts: &mut [Vec<Stored>], page_bits: u32) -> Chapter {
    let n_pages = 1_usize << (page_bits - PART_BITS);
    let cell_in_part = |stored: &Stored| {
        let page = page_of(stored.mixed, page_bits) % n_pages;
        page * N_CELLS + cell_of(stored.mixed, page_bits)
    };
    let mut scratch = Vec::new();
    let mut all = Vec::with_capacity(n_pages * parts.len());
    for part in parts {
        let rows = mem::take(part);
        scratch.resize(rows.len(), Stored::BLANK);
        let mut ends = vec![0; n_pages * N_CELLS];
        distribute(&rows, &mut scratch, &mut ends, cell_in_part);
        all.extend(pages(&scratch, &ends));
    }
    all
}

/// Puts rows into pages, first by chapter and then within each, so that the
/// processor's caches hold what is written to. Rows of one cell keep their order.
fn chapters(rows: Vec<Stored>, page_bits: u32) -> Vec<Arc<Chapter>> {
    let n_pages = 1_usize << page_bits;
    let chapter_of = |stored: &Stored| page_of(stored.mixed, page_bits) >> CHAPTER_BITS;
    let mut sorted = vec![Stored::BLANK; rows.len()];
    let mut ends = vec![0; n_pages.div_ceil(N_PAGES)];
    distribute(&rows, &mut sorted, &mut ends, chapter_of);
    drop(rows);

    let n_cells = n_pages.min(N_PAGES) * N_CELLS;
    let cell_in_chapter = |stored: &Stored| {
        let page = page_of(stored.mixed, page_bits) % N_PAGES;
        page * N_CELLS + cell_of(stored.mixed, page_bits)
    };
    let mut scratch = Vec::new();
    let mut start = 0;
    let chapters = ends.into_iter().map(|end| {
        let rows = sorted.get(start as usize..end as usize).unwrap_or_default();
        start = end;
        scratch.resize(rows.len(), Stored::BLANK);
        let mut ends = vec![0; n_cells];
        distribute(rows, &mut scratch, &mut ends, cell_in_chapter);
        Arc::new(pages(&scratch, &ends))
    });
    chapters.collect()
}

/// Puts each row where `part_of` says, part after part; `ends`, zeros at first,
/// says in the end where each part ends.
fn distribute(
    rows: &[Stored],
    sorted: &mut [Stored],
    ends: &mut [u32],
    part_of: impl Fn(&Stored) -> usize,
) {
    for stored in rows {
        if let Some(count) = ends.get_mut(part_of(stored)) {
            *count += 1;
        }
    }
    let mut total = 0;
    for end in &mut *ends {
        let count = *end;
        *end = total;
        total += count;
    }
    // Each is the beginning of its part now, and the end once it is filled.
    for stored in rows {
        if let Some(next) = ends.get_mut(part_of(stored)) {
            if let Some(place) = sorted.get_mut(*next as usize) {
                *place = *stored;
            }
            *next += 1;
        }
    }
}

/// The pages of a chapter whose rows lie cell by cell.
fn pages(rows: &[Stored], ends: &[u32]) -> Chapter {
    let mut first = 0;
    let pages = ends.chunks_exact(N_CELLS).map(|ends| {
        let start = first;
        let mut starts = [0; N_CELLS + 1];
        for (start_of_next, end) in starts.iter_mut().skip(1).zip(ends) {
            *start_of_next = *end - start;
            first = *end;
        }
        let rows = rows.get(start as usize..first as usize);
        Arc::new(Page::new(&starts, rows.unwrap_or_default()))
    });
    pages.collect()
}
