//! Patches the view's tree into the document: every node of the tree is one node of the document,
//! text is only ever set as text, and nothing is ever parsed as markup.

use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, HtmlElement};

use crate::model::{Action, Field};
use crate::view::node::{Element, Node};

/// The tree that is on the screen, and where it hangs.
pub(crate) struct Dom {
    document: Document,
    root: web_sys::Element,
    tree: Element,
}

/// What lies under a place of the document.
#[derive(Default)]
pub(crate) struct Hit {
    /// What a click there does.
    pub(crate) action: Option<Action>,
    /// What typing there changes.
    pub(crate) field: Option<Field>,
}

impl Dom {
    /// Paints a first tree as the only child of `mount`.
    pub(crate) fn mount(
        document: Document,
        mount: &web_sys::Element,
        tree: Element,
    ) -> Result<Dom, JsValue> {
        let root = create(&document, &tree)?;
        mount.set_text_content(None);
        mount.append_child(&root)?;
        Ok(Dom { document, root, tree })
    }

    /// Changes what is on the screen to another tree.
    pub(crate) fn paint(&mut self, tree: Element) -> Result<(), JsValue> {
        patch(&self.document, &self.root, &self.tree, &tree)?;
        self.tree = tree;
        Ok(())
    }

    /// What lies under a node: the innermost action and field on the way from the root to it.
    pub(crate) fn hit(&self, target: &web_sys::Node) -> Hit {
        let mut hit = Hit::default();
        let Some(path) = self.path_to(target) else { return hit };
        let mut element = &self.tree;
        hit.take(element);
        for index in path {
            let Some(Node::Element(child)) = element.children.get(index) else { break };
            element = child;
            hit.take(element);
        }
        hit
    }

    /// The indexes that lead from the root to a node, which the tree has in common with the
    /// document.
    fn path_to(&self, target: &web_sys::Node) -> Option<Vec<usize>> {
        let mut path = Vec::new();
        let mut node = target.clone();
        while !self.root.is_same_node(Some(&node)) {
            let mut index = 0;
            let mut before = node.previous_sibling();
            while let Some(sibling) = before {
                index += 1;
                before = sibling.previous_sibling();
            }
            path.push(index);
            node = node.parent_node()?;
        }
        path.reverse();
        Some(path)
    }
}

impl Hit {
    fn take(&mut self, element: &Element) {
        if element.action.is_some() {
            self.action.clone_from(&element.action);
        }
        self.field = element.field.or(self.field);
    }
}

fn create(document: &Document, element: &Element) -> Result<web_sys::Element, JsValue> {
    let made = document.create_element(element.tag)?;
    for (name, value) in &element.attributes {
        set(&made, name, value)?;
    }
    fill(&made, element.fill)?;
    for child in &element.children {
        made.append_child(&create_node(document, child)?)?;
    }
    Ok(made)
}

fn create_node(document: &Document, node: &Node) -> Result<web_sys::Node, JsValue> {
    match node {
        Node::Text(text) => Ok(document.create_text_node(text).unchecked_into()),
        Node::Element(element) => Ok(create(document, element)?.unchecked_into()),
    }
}

/// Sets an attribute; what a field holds is a property and not an attribute.
fn set(element: &web_sys::Element, name: &str, value: &str) -> Result<(), JsValue> {
    if name == "value" {
        let held = js_sys::Reflect::get(element, &name.into())?;
        // Setting the same value again would move the caret.
        if held.as_string().as_deref() != Some(value) {
            js_sys::Reflect::set(element, &name.into(), &value.into())?;
        }
        return Ok(());
    }
    element.set_attribute(name, value)
}

fn fill(element: &web_sys::Element, percent: Option<i64>) -> Result<(), JsValue> {
    let Some(percent) = percent else { return Ok(()) };
    let width = [&crate::format::number(percent), "%"].concat();
    let styled: &HtmlElement = element.unchecked_ref();
    styled.style().set_property("inline-size", &width)
}

fn patch(
    document: &Document,
    place: &web_sys::Element,
    old: &Element,
    new: &Element,
) -> Result<(), JsValue> {
    for (name, value) in &new.attributes {
        let before = old.attributes.iter().find(|(known, _)| known == name);
        // What a field holds may have changed without us.
        if *name == "value" || before.is_none_or(|(_, before)| before != value) {
            set(place, name, value)?;
        }
    }
    for (name, _) in &old.attributes {
        if !new.attributes.iter().any(|(kept, _)| kept == name) {
            place.remove_attribute(name)?;
        }
    }
    if old.fill != new.fill {
        fill(place, new.fill)?;
    }
    patch_children(document, place, &old.children, &new.children)
}

/// Keeps each child that is the same thing as before, so that the focus stays where it is.
fn patch_children(
    document: &Document,
    place: &web_sys::Element,
    old: &[Node],
    new: &[Node],
) -> Result<(), JsValue> {
    let nodes = child_nodes(place);
    // For each child of before, where it is among the new ones.
    let mut places = vec![usize::MAX; old.len()];
    for (index, node) in new.iter().enumerate() {
        take_match(old, &mut places, node, index);
    }
    for (node, place_of) in nodes.iter().zip(&places) {
        if *place_of == usize::MAX {
            place.remove_child(node)?;
        }
    }
    let mut next = place.first_child();
    for (index, node) in new.iter().enumerate() {
        let at = places.iter().position(|place_of| *place_of == index);
        let kept = at.and_then(|at| Some((nodes.get(at)?, old.get(at)?)));
        let Some((kept, before)) = kept else {
            place.insert_before(&create_node(document, node)?, next.as_ref())?;
            continue;
        };
        if next.as_ref().is_some_and(|next| next.is_same_node(Some(kept))) {
            next = kept.next_sibling();
        } else {
            place.insert_before(kept, next.as_ref())?;
        }
        match (before, node) {
            (Node::Text(before), Node::Text(text)) if before != text => {
                kept.set_node_value(Some(text));
            }
            (Node::Element(before), Node::Element(element)) => {
                patch(document, kept.unchecked_ref(), before, element)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn child_nodes(place: &web_sys::Element) -> Vec<web_sys::Node> {
    let mut nodes = Vec::new();
    let mut next = place.first_child();
    while let Some(node) = next {
        next = node.next_sibling();
        nodes.push(node);
    }
    nodes
}

/// Takes the first child of before that is the same thing: same key, or same kind where there is
/// none.
fn take_match(old: &[Node], places: &mut [usize], node: &Node, index: usize) {
    let same = |before: &Node| match (before, node) {
        (Node::Text(_), Node::Text(_)) => true,
        (Node::Element(before), Node::Element(element)) => {
            before.tag == element.tag && before.key == element.key
        }
        _ => false,
    };
    for (before, place) in old.iter().zip(places) {
        if *place == usize::MAX && same(before) {
            *place = index;
            return;
        }
    }
}
