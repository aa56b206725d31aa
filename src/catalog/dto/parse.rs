//! From what was sent to what the commands take, every mistake at once.

use super::{DecisionIn, ProposalIn, Responsible, ServiceIn, ServicePatch, ServicesQuery};
use crate::catalog::commands::{Change, Decision, Proposal};
use crate::catalog::queries::Wanted;
use crate::catalog::rules::entry::Entry;
use crate::platform::error::{AppError, Fields, Rule};
use chrono::NaiveDate;
use entity::kind::ServiceState;

const NAME_MAX: usize = 60;
const NAME_EN_MAX: usize = 120;
const WORD_MAX: usize = 40;
const LIST_MAX: usize = 20;
const REASON_MAX: usize = 200;

impl Wanted {
    /// Checks the filters. `place` is the path of the unit that they name.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub fn new(query: &ServicesQuery, place: Option<String>) -> Result<Self, AppError> {
        let mut fields = Fields::default();
        let parent = query.parent.as_deref().map(str::trim);
        if parent.is_some_and(|code| code.len() > 8 || !code.chars().all(|c| c.is_ascii_digit())) {
            fields.add("?parent", Rule::Form("at most 8 digits"));
        }
        let text = fields.optional("?q", query.q.as_deref(), NAME_MAX);
        fields.finish()?;
        Ok(Self {
            place,
            request_type: query.request_type,
            parent: parent.map(str::to_owned),
            text: text.map(|text| text.to_lowercase()),
            state: query.state.unwrap_or(ServiceState::Active),
        })
    }
}

impl ServiceIn {
    /// Checks all fields.
    pub fn parse(self, today: NaiveDate) -> Result<Entry, AppError> {
        let mut fields = Fields::default();
        let entry = self.read(today, &mut fields);
        fields.finish()?;
        Ok(entry)
    }

    /// Reads a line, noting what is wrong with it.
    pub fn read(self, today: NaiveDate, fields: &mut Fields) -> Entry {
        bounded(fields, "/request_types", self.request_types.len());
        Entry {
            code: fields.text("/code", &self.code, 8),
            parent: fields.optional("/parent", self.parent.as_deref(), 8),
            name: fields.text("/name", &self.name, NAME_MAX),
            name_en: fields.text("/name_en", &self.name_en, NAME_EN_MAX),
            std_code: fields.optional("/std_code", self.std_code.as_deref(), WORD_MAX),
            request_types: self.request_types,
            default_type: self.default_type,
            urgency: self.urgency,
            resolve_limit: self.resolve_limit.map(|limit| (limit.amount, limit.unit)),
            responsible: self.responsible.unit_kind,
            post: fields.text("/responsible/post", &self.responsible.post, WORD_MAX),
            department: department(fields, &self.responsible),
            powers: words(fields, "/powers", &self.powers),
            sensitive: self.sensitive,
            auto_accept: self.auto_accept,
            relapse: self.relapse,
            external_procedure: fields.optional(
                "/external_procedure",
                self.external_procedure.as_deref(),
                NAME_MAX,
            ),
            form: self.form,
            selectable: self.selectable,
            valid_from: self.valid_from.unwrap_or(today),
            valid_to: self.valid_to,
        }
    }
}

impl ServicePatch {
    /// Checks all fields.
    pub fn parse(self) -> Result<Change, AppError> {
        let mut fields = Fields::default();
        let f = &mut fields;
        bounded(
            f,
            "/request_types",
            self.request_types.as_ref().map_or(0, Vec::len),
        );
        let change = Change {
            name: self.name.map(|name| f.text("/name", &name, NAME_MAX)),
            name_en: self.name_en.map(|name| f.text("/name_en", &name, NAME_EN_MAX)),
            std_code: self
                .std_code
                .map(|code| f.optional("/std_code", code.as_deref(), WORD_MAX)),
            request_types: self.request_types,
            default_type: self.default_type,
            urgency: self.urgency,
            resolve_limit: self
                .resolve_limit
                .map(|limit| limit.map(|limit| (limit.amount, limit.unit))),
            responsible: self.responsible.map(|responsible| {
                let post = f.text("/responsible/post", &responsible.post, WORD_MAX);
                (responsible.unit_kind, post, department(f, &responsible))
            }),
            powers: self.powers.map(|powers| words(f, "/powers", &powers)),
            sensitive: self.sensitive,
            auto_accept: self.auto_accept,
            relapse: self.relapse,
            external_procedure: self
                .external_procedure
                .map(|text| f.optional("/external_procedure", text.as_deref(), NAME_MAX)),
            form: self.form,
            selectable: self.selectable,
            valid_to: self.valid_to,
        };
        fields.finish()?;
        Ok(change)
    }
}

impl ProposalIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<Proposal, AppError> {
        let mut fields = Fields::default();
        bounded(&mut fields, "/request_types", self.request_types.len());
        let proposal = Proposal {
            unit_id: self.unit_id,
            name: fields.text("/name", &self.name, NAME_MAX),
            name_en: fields.text("/name_en", &self.name_en, NAME_EN_MAX),
            request_types: self.request_types,
            default_type: self.default_type,
            resolve_limit: self.resolve_limit.map(|limit| (limit.amount, limit.unit)),
            post: fields.optional("/post", self.post.as_deref(), WORD_MAX),
            sensitive: self.sensitive,
            form: self.form,
        };
        fields.finish()?;
        Ok(proposal)
    }
}

impl DecisionIn {
    /// Checks all fields.
    pub fn parse(self) -> Result<Decision, AppError> {
        let mut fields = Fields::default();
        let reason = fields.optional("/reason", self.reason.as_deref(), REASON_MAX);
        if !self.approve && reason.is_none() {
            fields.add("/reason", Rule::Required);
        }
        fields.finish()?;
        Ok(Decision {
            approve: self.approve,
            reason,
        })
    }
}

fn department(fields: &mut Fields, responsible: &Responsible) -> Option<String> {
    fields.optional(
        "/responsible/department",
        responsible.department.as_deref(),
        WORD_MAX,
    )
}

fn words(fields: &mut Fields, pointer: &str, words: &[String]) -> Vec<String> {
    bounded(fields, pointer, words.len());
    words
        .iter()
        .enumerate()
        .map(|(at, word)| fields.text(&format!("{pointer}/{at}"), word, WORD_MAX))
        .collect()
}

fn bounded(fields: &mut Fields, pointer: &str, length: usize) {
    if length > LIST_MAX {
        fields.add(pointer, Rule::TooMany(LIST_MAX));
    }
}
