//! Erasing people: a customer by one, an employee by two others.

use makegood_core::ledger::{Act, ErasureBasis, Person};

use super::{act, fault, house_with_a_gift, pid};
use crate::support::{customer, request_id};

const BASIS: ErasureBasis = ErasureBasis::Retention;

fn ask(employee: &str) -> Act {
    Act::AskErasure { subject: Person::Agent(pid(employee)), basis: BASIS }
}

fn erase(employee: &str, asked: Option<&str>) -> Act {
    let subject = Person::Agent(pid(employee));
    Act::EraseSubject { subject, basis: BASIS, asked: asked.map(request_id) }
}

#[test]
fn a_customer_is_erased_by_one() {
    let mut house = house_with_a_gift();
    let subject = Person::Customer(customer("cora"));
    let one = Act::EraseSubject { subject, basis: BASIS, asked: None };
    assert_eq!(fault(act(&mut house, ("adm", 1), "R1", one)), None);
}

#[test]
fn an_employee_is_erased_by_two_others() {
    let mut house = house_with_a_gift();
    assert_eq!(fault(act(&mut house, ("adm", 1), "R1", ask("ann"))), None);
    let second_needed = Some("SECOND_PERSON_NEEDED");
    let unasked = Some("FIELD_INVALID");
    for (request, (caller, one, expected)) in ["R2", "R3", "R4", "R5", "R6"].into_iter().zip([
        ("ada", erase("ann", None), second_needed),
        ("adm", erase("ann", Some("R1")), second_needed),
        ("ada", erase("ben", Some("R1")), unasked),
        ("ada", erase("ann", Some("R9")), unasked),
        ("ada", erase("ann", Some("R1")), None),
    ]) {
        let answer = act(&mut house, (caller, 2), request, one.clone());
        assert_eq!(fault(answer), expected, "{caller} {one:?}");
    }
}

#[test]
fn nobody_erases_themselves() {
    let mut house = house_with_a_gift();
    let asked = fault(act(&mut house, ("ada", 1), "R0", ask("ada")));
    assert_eq!(asked, Some("SECOND_PERSON_NEEDED"), "and is not one of the two who agree to it");
    assert_eq!(fault(act(&mut house, ("adm", 1), "R1", ask("ada"))), None);
    let own = fault(act(&mut house, ("ada", 2), "R2", erase("ada", Some("R1"))));
    assert_eq!(own, Some("SECOND_PERSON_NEEDED"));
}

/// Whoever has the data folder and its keys needs nobody.
#[test]
fn the_sidecar_itself_erases_by_order_of_its_keeper() {
    let mut house = house_with_a_gift();
    assert_eq!(fault(act(&mut house, ("sys", 1), "R1", erase("ann", None))), None);
}
