//! Blocks of text to look for and text to put in its place, as models are asked to write them.

use super::edit::Replacement;

/// The blocks of a text: from a line of seven signs or more and `SEARCH` to a line of equal signs,
/// and from there to one with `REPLACE`. A block that does not end tells nothing.
pub fn parse(text: &str) -> Vec<Replacement> {
    let mut steps = Vec::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if !is(line, &['<', '-'], "SEARCH") {
            continue;
        }
        let mut take = |end: &dyn Fn(&str) -> bool| {
            let mut taken = String::new();
            for line in lines.by_ref() {
                if end(line) {
                    return Some(taken);
                }
                taken.push_str(line);
            }
            None
        };
        let Some(old) = take(&|line| is(line, &['='], "")) else { break };
        let Some(new) = take(&|line| is(line, &['>', '+'], "REPLACE")) else { break };
        steps.push(Replacement { old, new, all: false });
    }
    steps
}

/// Whether the line is one of these signs, at least seven times, and then this word.
fn is(line: &str, signs: &[char], word: &str) -> bool {
    let line = line.trim_end();
    let Some(sign) = line.chars().next().filter(|sign| signs.contains(sign)) else {
        return false;
    };
    let rest = line.trim_start_matches(sign);
    line.len() - rest.len() >= 7 && rest.trim_start_matches([' ', '>']) == word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_in_both_spellings() {
        let text = "Look:\n<<<<<<< SEARCH\na\nb\n=======\nA\n>>>>>>> REPLACE\nand\n\
                    ------- SEARCH\n=======\nnew\n+++++++ REPLACE\n<<<<<<< SEARCH\ncut";
        let steps = parse(text);
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].old.as_str(), steps[0].new.as_str()), ("a\nb\n", "A\n"));
        assert_eq!((steps[1].old.as_str(), steps[1].new.as_str()), ("", "new\n"));
        assert_eq!(parse("<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"), []);
    }
}
