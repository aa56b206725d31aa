//! How alike two texts are, and which words an index finds: pairs of neighbouring characters, which suit Chinese
//! words of one or two characters and can be explained.

use std::collections::BTreeSet;

/// From here on two matters are offered as similar.
pub const SIMILAR: f64 = 0.15;

/// Pairs of neighbouring characters of each run of letters and digits; a run of one character stands alone.
fn pairs(text: &str) -> Vec<String> {
    runs(text)
        .iter()
        .flat_map(|run| match run.as_slice() {
            [one] => vec![one.to_string()],
            run => run.windows(2).map(|pair| pair.iter().collect()).collect(),
        })
        .collect()
}

fn runs(text: &str) -> Vec<Vec<char>> {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(|run| run.chars().collect())
        .collect()
}

/// What the index holds of a text, in order: of each run its pairs, so that a longer word is a phrase of them,
/// then its single characters, so that a word of one is found too (and no phrase reaches into the next run).
#[must_use]
pub fn index_terms(text: &str) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for run in runs(text) {
        terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
        terms.extend(run.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
    }
    terms
}

/// What to look for: one phrase of terms for each word of the query, all of which must be found. `None` when
/// nothing in the query can be looked for.
#[must_use]
pub fn query_phrases(query: &str) -> Option<Vec<Vec<String>>> {
    let phrases: Vec<Vec<String>> = runs(query)
        .iter()
        .map(|run| match run.as_slice() {
            [one] => vec![one.to_string()],
            run => run.windows(2).map(|pair| pair.iter().collect()).collect(),
        })
        .collect();
    (!phrases.is_empty()).then_some(phrases)
}

/// Shared pairs by all pairs (Jaccard), 0 to 1.
#[must_use]
pub fn likeness(a: &str, b: &str) -> f64 {
    let a: BTreeSet<String> = pairs(a).into_iter().collect();
    let b: BTreeSet<String> = pairs(b).into_iter().collect();
    let all = a.union(&b).count();
    if all == 0 {
        return 0.0;
    }
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    count(a.intersection(&b).count()) / count(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_matter_in_other_words_is_alike() {
        assert!(likeness("楼下广场舞噪声扰民", "广场舞噪声太大扰民") > SIMILAR);
        assert!(likeness("楼下广场舞噪声扰民", "申请低保") < SIMILAR);
    }

    #[test]
    fn words_of_one_and_two_characters_are_found() {
        let terms = index_terms("3栋路灯不亮").join(" ");
        for word in ["灯", "路灯", "路灯不亮"] {
            for phrase in query_phrases(word).unwrap() {
                assert!(
                    format!(" {terms} ").contains(&format!(" {} ", phrase.join(" "))),
                    "{word} in {terms}"
                );
            }
        }
        assert_eq!(query_phrases(" ·，"), None);
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_bounded(a in "\\PC{0,30}", b in "\\PC{0,30}") {
            let ab = likeness(&a, &b);
            prop_assert!((ab - likeness(&b, &a)).abs() < f64::EPSILON);
            prop_assert!((0.0..=1.0).contains(&ab));
        }

        #[test]
        fn every_part_of_a_text_is_found_in_it(text in "[路灯不亮停水电梯坏了]{2,20}", start in 0_usize..10, length in 1_usize..6) {
            let part: String = text.chars().skip(start).take(length).collect();
            if let Some(phrases) = query_phrases(&part) {
                let terms = format!(" {} ", index_terms(&text).join(" "));
                for phrase in phrases {
                    let wanted = format!(" {} ", phrase.join(" "));
                    prop_assert!(terms.contains(&wanted));
                }
            }
        }
    }
}
