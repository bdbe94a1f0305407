//! Documentation as Markdown: headings, a table of parameters, a section for each type and value.

use super::{ItemDoc, ModuleDoc};

impl ModuleDoc {
    /// The documentation as a Markdown page with this title.
    pub fn render_markdown(&self, title: &str) -> String {
        let mut out = format!("# {}\n", escape(title));
        if !self.params.is_empty() {
            out.push_str("\n## Parameters\n\n| name | type | default | |\n|---|---|---|---|\n");
            for param in &self.params {
                let default = param.default.as_ref().map_or("*required*".to_owned(), |default| code_in_table(default));
                let (name, ty) = (code_in_table(&param.item.name), code_in_table(&param.item.ty.to_string()));
                out.push_str(&format!("| {name} | {ty} | {default} | {} |\n", in_table(&param.item.doc)));
            }
        }
        for (heading, keyword, items) in [("Types", "type", &self.types), ("Values", "val", &self.values)] {
            if !items.is_empty() {
                out.push_str(&format!("\n## {heading}\n"));
                items.iter().for_each(|item| out.push_str(&section(keyword, item)));
            }
        }
        out
    }
}

fn section(keyword: &str, item: &ItemDoc) -> String {
    let mut out = format!("\n### {}\n\n```reflow\n{keyword} {} {}\n```\n", escape(&item.name), item.name, item.ty);
    let doc = item.doc.trim_end();
    if !doc.is_empty() {
        out.push('\n');
        out.push_str(&fenced(doc));
    }
    out
}

/// Documentation as it is, lines that begin with a blank in a fence: they are verbatim (language spec §8.6).
fn fenced(doc: &str) -> String {
    let mut out = String::new();
    let mut verbatim = false;
    for line in doc.lines() {
        if line.starts_with([' ', '\t']) != verbatim {
            verbatim = !verbatim;
            out.push_str(if verbatim { "\n```text\n" } else { "```\n\n" });
        }
        out.push_str(line);
        out.push('\n');
    }
    if verbatim {
        out.push_str("```\n");
    }
    out
}

/// Documentation in a cell: one line, paragraphs apart.
fn in_table(doc: &str) -> String {
    let paragraphs = doc.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let paragraphs: Vec<_> = paragraphs.filter(|text| !text.is_empty()).collect();
    paragraphs.join("<br><br>").replace('|', "\\|")
}

/// Code in a cell. A bar would end the cell even there.
fn code_in_table(code: &str) -> String {
    let code = code.replace('|', "\\|").replace('\n', " ");
    // Code that holds backticks needs a longer fence.
    if code.contains('`') { format!("`` {code} ``") } else { format!("`{code}`") }
}

/// Text that means nothing in Markdown.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
