//! A reader who asks for a document again and again, and has the tag of what it got last.

use anyhow::{Result, ensure};

use crate::client::{Answer, Connection};
use crate::feeds::Coding;
use crate::server::Server;

pub(crate) struct Poller {
    connection: Connection,
    path: String,
    coding: Coding,
    tag: String,
}

impl Poller {
    /// One who has `path` as it is now.
    pub(crate) fn new(server: &Server, path: &str, coding: Coding) -> Result<Self> {
        let mut poller = Self {
            connection: Connection::to(server.address)?,
            path: path.to_owned(),
            coding,
            tag: String::new(),
        };
        ensure!(poller.poll()?.is_some(), "{path} is not there");
        Ok(poller)
    }

    /// Asks once and takes the answer: the document if it is another one than before.
    pub(crate) fn poll(&mut self) -> Result<Option<Answer>> {
        self.ask()?;
        self.answer()
    }

    /// Asks, and does not wait.
    pub(crate) fn ask(&mut self) -> Result<()> {
        let mut fields = vec![self.coding.wish()];
        if !self.tag.is_empty() {
            fields.push(format!("If-None-Match: {}", self.tag));
        }
        self.connection.ask(&self.path, &fields)
    }

    /// The answer to what was asked.
    pub(crate) fn answer(&mut self) -> Result<Option<Answer>> {
        let answer = self.connection.answer()?;
        if answer.status == 304 {
            return Ok(None);
        }
        ensure!(answer.status == 200, "{}: {}", self.path, answer.status);
        let coded = match answer.field("content-encoding") {
            "" => "identity",
            coded => coded,
        };
        ensure!(
            coded == self.coding.name(),
            "{}: it came in {coded}, not in {}",
            self.path,
            self.coding.name()
        );
        answer.field("etag").clone_into(&mut self.tag);
        Ok(Some(answer))
    }

    /// The document's text, as it was before it was made smaller.
    pub(crate) fn text(&self, answer: &Answer) -> Result<String> {
        let mut bytes = Vec::new();
        match self.coding {
            Coding::Identity => bytes.clone_from(&answer.body),
            Coding::Gzip => {
                use std::io::Read;
                flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut bytes)?;
            }
        }
        Ok(String::from_utf8(bytes)?)
    }
}
