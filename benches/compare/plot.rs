//! Cost against size, as pictures.

use std::fs;
use std::ops::Range;

use anyhow::Result;
use plotters::prelude::*;

use crate::report;

/// Which picture a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plot {
    Starts,
    Drops,
    /// Drops, less what the disk needs for one page.
    Above,
    Bursts,
    Memory,
    Builds,
}

/// One value.
pub(crate) struct Point {
    pub(crate) plot: Plot,
    pub(crate) series: &'static str,
    pub(crate) articles: usize,
    pub(crate) value: f64,
}

impl Plot {
    /// The file's name, and what is in it.
    const ALL: [(Self, &str, &str); 6] = [
        (Self::Starts, "starts", "starts, ms"),
        (Self::Drops, "drops", "one article, p50, ms"),
        (
            Self::Above,
            "drops-above-fsync",
            "one article, p50 above fsync, ms",
        ),
        (Self::Bursts, "bursts", "many at once, ms"),
        (Self::Memory, "memory", "memory, MB"),
        (Self::Builds, "builds", "from nothing to all feeds, ms"),
    ];
}

/// Writes each picture that has at least two sizes to `compare-*.svg` below the target folder.
pub(crate) fn write(points: &[Point]) -> Result<()> {
    for (plot, name, title) in Plot::ALL {
        let points: Vec<&Point> = points.iter().filter(|point| point.plot == plot).collect();
        let mut sizes: Vec<usize> = points.iter().map(|point| point.articles).collect();
        sizes.sort_unstable();
        sizes.dedup();
        if sizes.len() > 1 {
            let file = report::target()?.join(format!("compare-{name}.svg"));
            fs::write(file, draw(title, &points)?)?;
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "sizes are no problem")]
fn draw(title: &str, points: &[&Point]) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (900, 600)).into_drawing_area();
        area.fill(&WHITE)?;
        let sizes = range(points.iter().map(|point| point.articles as f64));
        let values = range(points.iter().map(|point| point.value));
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 22))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(sizes.log_scale(), values.log_scale())?;
        chart
            .configure_mesh()
            .x_desc("articles")
            .x_labels(4)
            .y_labels(6)
            .x_label_formatter(&|value| format!("{value:.0}"))
            .y_label_formatter(&|value| format!("{value}"))
            .max_light_lines(0)
            .draw()?;
        let mut series: Vec<&str> = points.iter().map(|point| point.series).collect();
        series.dedup();
        series.sort_unstable();
        series.dedup();
        for (index, name) in series.iter().enumerate() {
            let colour = Palette99::pick(index).to_rgba();
            let line = points.iter().filter(|point| point.series == *name);
            let line = line.map(|point| (point.articles as f64, point.value.max(LEAST)));
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)).point_size(4))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK)
            .draw()?;
        area.present()?;
    }
    Ok(text)
}

/// What is drawn as the least: a logarithm has no zero.
const LEAST: f64 = 0.01;

/// From a little below the least to a little above the most.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (mut least, mut most) = (f64::INFINITY, LEAST);
    for value in values {
        least = least.min(value.max(LEAST));
        most = most.max(value);
    }
    least / 1.5..most * 1.5
}
