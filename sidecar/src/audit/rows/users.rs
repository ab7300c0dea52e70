//! `User_Listing`: whose pseudonyms appear, in which role; no names.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, RoleCode, TeamId};
use makegood_core::ledger::{Access, Entry};
use makegood_core::time::Time;

use super::super::cell::{Cell, Column, Table};
use super::super::period::{compact, date};
use super::who;

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "User_Listing",
    about: "AICPA Audit Data Standard; one row for each pseudonym, access, role and team",
    columns: &[
        Column::text("User_ID", "the pseudonym; SYSTEM is the sidecar itself"),
        Column::text("Role_Responsibility", "what the credentials allowed"),
        Column::text("Role", "the role that limits look at"),
        Column::text("Team", "the team whose pool is drawn on"),
        Column::text("First_Entry_Date", "first entry of the period as such, YYYYMMDD"),
        Column::text("Last_Entry_Date", "last entry of the period as such, YYYYMMDD"),
        Column::integer("Entry_Count", "entries of the period as such"),
    ],
};

/// Everybody who made an entry of the period.
#[derive(Debug, Default)]
pub(in super::super) struct Users(BTreeMap<(AgentPid, Access, RoleCode, Option<TeamId>), Seen>);

#[derive(Debug)]
struct Seen {
    first: Time,
    last: Time,
    entry_count: u64,
}

impl Users {
    /// Takes note of who made an entry.
    pub(in super::super) fn see(&mut self, entry: &Entry) {
        let caller = &entry.caller;
        let key = (caller.agent, caller.access, caller.role.clone(), caller.team.clone());
        let seen =
            self.0.entry(key).or_insert(Seen { first: entry.at, last: entry.at, entry_count: 0 });
        seen.last = entry.at;
        seen.entry_count += 1;
    }

    /// Everybody by pseudonym.
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        self.0.iter().map(|((agent, access, role, team), seen)| {
            vec![
                Cell::text(who(agent)),
                Cell::word(access.code()),
                Cell::text(role),
                Cell::maybe(team.as_ref()),
                Cell::text(compact(date(seen.first))),
                Cell::text(compact(date(seen.last))),
                Cell::number(seen.entry_count),
            ]
        })
    }
}
