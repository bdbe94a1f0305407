use base::table::lay_out;
use proptest::prelude::*;

/// CLI-108
#[test]
fn columns_line_up() {
    let cases = [
        ("a\tbcdef\tg\nabcdef\t\tx\n", "a      bcdef g\nabcdef       x\n"),
        ("\tindented\n\t\ttwice\n", "    indented\n        twice\n"),
        ("a\tb\n", "a   b\n"),
        ("abc\tb\n", "abc b\n"),
        ("abcd\tb\n", "abcd b\n"),
        ("é日\tb\nabcd\tc\n", "é日   b\nabcd c\n"),
        ("", ""),
        ("plain\n\nlines  \n", "plain\n\nlines\n"),
    ];
    for (cells, expected) in cases {
        assert_eq!(lay_out(cells), expected, "{cells:?}");
    }
}

#[test]
fn a_line_without_a_cell_parts_a_column() {
    let text = "heading that is long\nshort\t1\na longer one\t2\nnext\nx\t3\n";
    assert_eq!(lay_out(text), "heading that is long\nshort        1\na longer one 2\nnext\nx   3\n");
    assert_eq!(lay_out("a\tlong cell\tx\nb\ty\nc\tz\tx\n"), "a   long cell x\nb   y\nc   z   x\n");
}

#[test]
fn blanks_at_line_ends_are_dropped() {
    assert_eq!(lay_out("a\tb\t\nlonger\tc\t\n"), "a      b\nlonger c\n");
}

proptest! {
    #[test]
    fn no_cell_is_lost(rows in prop::collection::vec(prop::collection::vec("[a-zé]{1,6}", 3), 1..6)) {
        let text: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
        let laid_out = lay_out(&text);
        let read: Vec<Vec<&str>> = laid_out.lines().map(|line| line.split_whitespace().collect()).collect();
        prop_assert_eq!(&read, &rows);
        for column in 1..3 {
            let starts: Vec<_> = laid_out.lines().map(|line| start_of_word(line, column)).collect();
            prop_assert!(starts.iter().all(|start| start.is_some() && *start == starts[0]), "{}", laid_out);
        }
    }
}

/// The place of the first character of the word of this number.
fn start_of_word(line: &str, number: usize) -> Option<usize> {
    let chars: Vec<char> = line.chars().collect();
    let starts = |i: &usize| chars[*i] != ' ' && (*i == 0 || chars[*i - 1] == ' ');
    (0..chars.len()).filter(starts).nth(number)
}
