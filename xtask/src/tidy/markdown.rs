//! Rules for Markdown: one title a file, and every relative link leads somewhere.

use std::path::Path;

use crate::tidy::{Finding, Source};
use crate::workspace::Workspace;

pub(super) fn check(
    workspace: &Workspace,
    source: &Source,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    if source.extension() != "md" {
        return Ok(());
    }
    let titles = prose(source).filter(|(_, line)| line.starts_with("# ")).count();
    if titles != 1 {
        let message = format!("{titles} titles: a file has one `# Title`");
        findings.push(source.finding(1, message));
    }
    let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    for (number, line) in prose(source) {
        for target in links(line) {
            let path = workspace.root().join(folder).join(target);
            if !path.try_exists()? {
                findings.push(source.finding(number, format!("`{target}` is not there")));
            }
        }
    }
    Ok(())
}

/// The lines outside fenced code.
fn prose(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    source.lines().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The relative targets of a line, without their anchors.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let markdown = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let html = ["src=\"", "href=\"", "srcset=\""].into_iter().flat_map(move |attribute| {
        line.split(attribute).skip(1).filter_map(|rest| rest.split('"').next())
    });
    markdown
        .chain(html)
        .filter_map(|target| target.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    #[test]
    fn finds_the_relative_links() {
        let line = "[a](b.md#c) [d](https://e.f/g) [h](#i) <img src=\"j.png\"> [k](mailto:l@m.n)";
        assert_eq!(links(line).collect::<Vec<_>>(), ["b.md", "j.png"]);
    }

    #[test]
    fn reads_no_code() {
        let file = source("a.md", "# A\n```sh\n# no title\n```\nb\n");
        let lines: Vec<usize> = prose(&file).map(|(number, _)| number).collect();
        assert_eq!(lines, [1, 5]);
    }
}
