//! Pages of lists.

use tonic::Status;

use super::shape::Shape;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 200;

/// Which rows of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    start: usize,
    size: usize,
}

impl Page {
    /// From a request's `page_size` and `page_token`.
    pub(super) fn read(shape: &mut Shape, page_size: i32, page_token: &str) -> Self {
        let size = match usize::try_from(page_size) {
            Ok(0) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
            Err(_) => {
                shape.note("page_size", "0 or more");
                DEFAULT_SIZE
            }
        };
        let start = match page_token {
            "" => 0,
            token => token.parse().unwrap_or_else(|_| {
                shape.note("page_token", "give the next_page_token of the page before");
                0
            }),
        };
        Self { start, size }
    }

    /// As [`Page::read`] for a request that has nothing else that could be wrong but `shape`.
    pub(super) fn finish(self, shape: Shape) -> Result<Self, Status> {
        shape.finish().map(|()| self)
    }

    /// The first row.
    pub(super) fn start(self) -> usize {
        self.start
    }

    /// The number of rows.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// The rows of this page, and the token of the next one.
    pub(super) fn cut<T>(self, rows: Vec<T>) -> (Vec<T>, String) {
        let end = self.start.saturating_add(self.size);
        let next = if end < rows.len() { end.to_string() } else { String::new() };
        (rows.into_iter().skip(self.start).take(self.size).collect(), next)
    }
}
