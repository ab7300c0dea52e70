//! Tables as Parquet: texts, 64-bit numbers, and amounts as exact decimals.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::super::cell::{Cell, Column, Decimal, Kind, Table};
use super::super::error::ExportError;
use super::create;

/// So many rows are kept until they are written as one group.
const ROWS_IN_GROUP: usize = 65_536;
/// The decimals of every amount: no currency of ISO 4217 has more.
const SCALE: u8 = 4;
/// The digits that sixteen bytes hold.
const PRECISION: i32 = 38;

/// A Parquet file, being written.
pub(super) struct ParquetFile {
    writer: SerializedFileWriter<BufWriter<File>>,
    columns: Vec<Pending>,
    row_count: usize,
}

/// The cells of a column that wait for their group to be full.
struct Pending {
    values: Values,
    /// 1 where the row has a value, else 0.
    present: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Amount(Vec<FixedLenByteArray>),
}

impl ParquetFile {
    /// Begins the file.
    pub(super) fn create(path: &Path, table: &Table) -> Result<Self, ExportError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_created_by("makegood".to_owned())
            .build();
        let writer =
            SerializedFileWriter::new(create(path)?, schema(table)?, Arc::new(properties))?;
        let columns = table.columns.iter().map(|column| Pending::new(column.kind)).collect();
        Ok(Self { writer, columns, row_count: 0 })
    }

    /// Writes a row.
    pub(super) fn push(&mut self, row: &[Cell]) -> Result<(), ExportError> {
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.push(cell);
        }
        self.row_count += 1;
        if self.row_count == ROWS_IN_GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        if self.row_count > 0 {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for pending in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                return Err(ParquetError::General("a column is missing in the schema".to_owned()));
            };
            pending.write(column.untyped())?;
            column.close()?;
        }
        group.close()?;
        self.row_count = 0;
        Ok(())
    }
}

impl Pending {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Integer => Values::Integer(Vec::new()),
            Kind::Amount => Values::Amount(Vec::new()),
        };
        Self { values, present: Vec::new() }
    }

    /// A cell of another kind than its column's counts as empty.
    fn push(&mut self, cell: &Cell) {
        let is_present = match (&mut self.values, cell) {
            (Values::Text(values), Cell::Text(text)) => {
                values.push(ByteArray::from(text.as_bytes().to_vec()));
                true
            }
            (Values::Integer(values), Cell::Integer(number)) => {
                values.push(*number);
                true
            }
            (Values::Amount(values), Cell::Amount(amount)) => {
                values.push(scaled(*amount));
                true
            }
            _ => false,
        };
        self.present.push(i16::from(is_present));
    }

    fn write(&mut self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = std::mem::take(&mut self.present);
        let levels = Some(present.as_slice());
        match (&mut self.values, column) {
            (Values::Text(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), levels, None)?;
            }
            (Values::Integer(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), levels, None)?;
            }
            (Values::Amount(values), ColumnWriter::FixedLenByteArrayColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(values), levels, None)?;
            }
            _ => return Err(ParquetError::General("a column is of another type".to_owned())),
        }
        Ok(())
    }
}

/// An amount with the decimals of the column, big-endian two's complement.
fn scaled(amount: Decimal) -> FixedLenByteArray {
    let factor = 10_i128.pow(u32::from(SCALE.saturating_sub(amount.exponent)));
    let unscaled = amount.minor.saturating_mul(factor);
    FixedLenByteArray::from(unscaled.to_be_bytes().to_vec())
}

fn schema(table: &Table) -> Result<TypePtr, ParquetError> {
    let fields: Result<Vec<_>, _> = table.columns.iter().map(field).collect();
    Ok(Arc::new(Type::group_type_builder("makegood").with_fields(fields?).build()?))
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let builder = match column.kind {
        Kind::Text => Type::primitive_type_builder(column.name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String)),
        Kind::Integer => Type::primitive_type_builder(column.name, Physical::INT64),
        Kind::Amount => Type::primitive_type_builder(column.name, Physical::FIXED_LEN_BYTE_ARRAY)
            .with_length(16)
            .with_precision(PRECISION)
            .with_scale(i32::from(SCALE))
            .with_logical_type(Some(LogicalType::decimal(i32::from(SCALE), PRECISION))),
    };
    Ok(Arc::new(builder.with_repetition(Repetition::OPTIONAL).build()?))
}
