//! Tables as sheets of one workbook; texts stay texts, whatever they begin with.

use std::cell::RefCell;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Worksheet, XlsxError};

use super::super::cell::{Cell, Decimal, Kind, Table};
use super::super::error::ExportError;
use super::create;

/// A sheet has so many rows, its header included.
const ROWS_IN_SHEET: u32 = 1_048_576;
/// The numbers of a spreadsheet hold fifteen digits; what is larger is written as text.
const NUMBER_BELOW: u128 = 1_000_000_000_000_000;
/// How amounts of each exponent are shown.
const AMOUNT_FORMATS: [&str; 5] = ["0", "0.0", "0.00", "0.000", "0.0000"];

/// The workbook of a pack.
pub(in super::super) struct Workbook {
    workbook: Rc<RefCell<rust_xlsxwriter::Workbook>>,
    styles: Rc<Styles>,
}

struct Styles {
    header: Format,
    amounts: [Format; 5],
}

/// The sheets of one table: the next one begins where one is full.
pub(super) struct Sheets {
    table: &'static Table,
    workbook: Rc<RefCell<rust_xlsxwriter::Workbook>>,
    styles: Rc<Styles>,
    full: Vec<Worksheet>,
    sheet: Worksheet,
    next_row: u32,
}

impl Workbook {
    /// A workbook without sheets.
    pub(in super::super) fn new() -> Result<Self, ExportError> {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        // The same bytes on every run: no clock.
        let made = ExcelDateTime::from_ymd(1980, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let header =
            Format::new().set_bold().set_font_color(Color::White).set_background_color(0x1F_2937);
        let amounts = AMOUNT_FORMATS.map(|format| Format::new().set_num_format(format));
        let workbook = Rc::new(RefCell::new(workbook));
        Ok(Self { workbook, styles: Rc::new(Styles { header, amounts }) })
    }

    /// The first sheet of a table; sheets stand in the order in which [`Workbook::take`] is called.
    pub(super) fn sheets(&self, table: &'static Table) -> Result<Sheets, ExportError> {
        let sheet = begin(&self.workbook, &self.styles, table)?;
        Ok(Sheets {
            table,
            workbook: Rc::clone(&self.workbook),
            styles: Rc::clone(&self.styles),
            full: Vec::new(),
            sheet,
            next_row: 1,
        })
    }

    /// Takes the sheets of a table in.
    pub(super) fn take(&self, sheets: Sheets) -> Result<(), ExportError> {
        let Sheets { table, mut full, sheet, .. } = sheets;
        full.push(sheet);
        for (index, mut sheet) in full.into_iter().enumerate() {
            // Sheets' names have at most 31 characters.
            let name: String = table.name.chars().take(26).collect();
            let name = if index == 0 { name } else { format!("{name} {}", index + 1) };
            sheet.set_name(name)?;
            self.workbook.borrow_mut().push_worksheet(sheet);
        }
        Ok(())
    }

    /// Writes the file.
    pub(in super::super) fn save(self, path: &Path) -> Result<(), ExportError> {
        let mut file = create(path)?;
        let bytes = self.workbook.borrow_mut().save_to_buffer()?;
        file.write_all(&bytes).and_then(|()| file.flush()).map_err(ExportError::file(path))
    }
}

impl Sheets {
    /// Writes a row.
    pub(super) fn push(&mut self, row: &[Cell]) -> Result<(), ExportError> {
        if self.next_row == ROWS_IN_SHEET {
            let next = begin(&self.workbook, &self.styles, self.table)?;
            self.full.push(std::mem::replace(&mut self.sheet, next));
            self.next_row = 1;
        }
        for (column, cell) in (0_u16..).zip(row) {
            self.write(column, cell)?;
        }
        self.next_row += 1;
        Ok(())
    }

    fn write(&mut self, column: u16, cell: &Cell) -> Result<(), XlsxError> {
        let (row, sheet) = (self.next_row, &mut self.sheet);
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                sheet.write_string(row, column, text.as_ref())?;
            }
            Cell::Integer(integer) => {
                let whole = Decimal { minor: i128::from(*integer), exponent: 0 };
                match number(whole) {
                    Some(number) => sheet.write_number(row, column, number)?,
                    None => sheet.write_string(row, column, integer.to_string())?,
                };
            }
            Cell::Amount(amount) => match (number(*amount), style(&self.styles, *amount)) {
                (Some(number), Some(style)) => {
                    sheet.write_number_with_format(row, column, number, style)?;
                }
                _ => {
                    sheet.write_string(row, column, amount.to_string())?;
                }
            },
        }
        Ok(())
    }
}

/// A sheet with its header, and its columns wide enough for what they hold.
fn begin(
    workbook: &RefCell<rust_xlsxwriter::Workbook>,
    styles: &Styles,
    table: &Table,
) -> Result<Worksheet, XlsxError> {
    let mut sheet = workbook.borrow_mut().new_worksheet_with_constant_memory()?;
    sheet.set_freeze_panes(1, 0)?;
    for (index, column) in (0_u16..).zip(table.columns) {
        let width = match column.kind {
            Kind::Text => 20,
            Kind::Integer | Kind::Amount => 14,
        };
        let name = u16::try_from(column.name.len()).unwrap_or(width);
        sheet.set_column_width(index, width.max(name + 2))?;
        sheet.write_string_with_format(0, index, column.name, &styles.header)?;
    }
    Ok(sheet)
}

/// The nearest number of a spreadsheet, which shows as the same digits; none for larger amounts.
fn number(amount: Decimal) -> Option<f64> {
    // Reading the decimal rounds once, where a division could round twice.
    (amount.minor.unsigned_abs() < NUMBER_BELOW).then(|| amount.to_string().parse().ok()).flatten()
}

fn style(styles: &Styles, amount: Decimal) -> Option<&Format> {
    styles.amounts.get(usize::from(amount.exponent))
}
