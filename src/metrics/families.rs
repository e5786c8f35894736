//! Families of series, as they are written.

use std::borrow::Cow;
use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;

/// A label, and its value.
pub(super) type Label = (&'static str, Cow<'static, str>);

/// A number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Whole(u64),
    Part(f64),
}

/// What kind of numbers they are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// They only grow; the name gets `_total`.
    Counter,
    /// They come and go.
    Gauge,
    /// What is said is in the labels; the name gets `_info`.
    Info,
}

/// One family: its name without unit and ending, what it says, and its series.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    kind: Kind,
    series: Vec<(Vec<Label>, Value)>,
}

impl Family {
    /// Without series.
    pub(super) fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            unit: None,
            kind,
            series: Vec::new(),
        }
    }

    /// With a unit, which becomes a part of the name.
    pub(super) fn in_unit(self, unit: Unit) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    /// With one series more.
    pub(super) fn with(mut self, labels: Vec<Label>, value: Value) -> Self {
        self.series.push((labels, value));
        self
    }

    /// With just this one.
    pub(super) fn of(self, value: Value) -> Self {
        self.with(Vec::new(), value)
    }

    /// With these.
    pub(super) fn with_all(
        mut self,
        series: impl IntoIterator<Item = (Vec<Label>, Value)>,
    ) -> Self {
        self.series.extend(series);
        self
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        // A family may be empty at the moment; what it would be like need not be told.
        if self.series.is_empty() {
            return Ok(());
        }
        let kind = match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Info => MetricType::Info,
        };
        let mut metric =
            encoder.encode_descriptor(self.name, self.help, self.unit.as_ref(), kind)?;
        for (labels, value) in &self.series {
            match (self.kind, labels.is_empty()) {
                (Kind::Info, _) => metric.encode_info(labels)?,
                (kind, true) => encode_number(&mut metric, kind, *value)?,
                (kind, false) => encode_number(&mut metric.encode_family(labels)?, kind, *value)?,
            }
        }
        Ok(())
    }
}

fn encode_number(metric: &mut MetricEncoder<'_>, kind: Kind, value: Value) -> fmt::Result {
    const NONE: Option<&Exemplar<NoLabelSet, f64>> = None;
    match (kind, value) {
        (Kind::Counter, Value::Whole(number)) => metric.encode_counter(&number, NONE),
        (Kind::Counter, Value::Part(number)) => metric.encode_counter(&number, NONE),
        (_, Value::Whole(number)) => metric.encode_gauge(&number),
        (_, Value::Part(number)) => metric.encode_gauge(&number),
    }
}

/// Several, as one collector.
#[derive(Debug)]
pub(super) struct Families(pub(super) Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|family| family.encode(&mut encoder))
    }
}
