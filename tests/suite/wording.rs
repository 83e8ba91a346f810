//! Hints for programs, and what the samples of real postmortems get.

use actix_web::http::Method;
use debrief::auth::model::Scope;
use debrief::wording;
use debrief::wording::model::People;

use crate::both;
use crate::support::samples;

both!(
    async fn a_program_asks_for_hints(app: TestApp) {
        let mut robot = app.program(Scope::Read);
        let text = "Ünï. We should have tested it.\n\nAda broke it.";
        let answer = robot.json(Method::POST, "/api/v1/wording", &serde_json::json!({ "markdown": text })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let hints = answer.json()["hints"].clone();
        assert_eq!(hints[0]["kind"], "counterfactual");
        let (start, end) = (hints[0]["start"].as_u64().unwrap() as usize, hints[0]["end"].as_u64().unwrap() as usize);
        assert_eq!(&text[start..end], "should have tested");
        assert_eq!(hints[0]["line"], 1);
        assert!(hints[0]["question"].as_str().unwrap().ends_with('?'));
        let none = robot
            .json(Method::POST, "/api/v1/wording", &serde_json::json!({ "markdown": "The build failed to start." }))
            .await;
        assert_eq!(none.json()["hints"], serde_json::json!([]));
        assert_eq!(robot.json(Method::POST, "/api/v1/wording", &serde_json::json!({})).await.status, 422);
    }
);

#[test]
fn real_postmortems_get_few_hints() {
    let Some(folder) = samples() else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("postmortems/mybinder")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut words, mut count, mut told) = (0, 0, String::new());
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = std::fs::read_to_string(path).unwrap();
        words += debrief::markdown::word_count(&text);
        for hint in wording::hints(&text, &People::default()) {
            count += 1;
            told.push_str(&format!("{}:{} {}: {}\n", path.display(), hint.line(&text), hint.kind, hint.phrase));
        }
    }
    println!("{count} hints in {words} words\n{told}");
    assert!(count * 1000 <= words * 3, "{count} hints in {words} words\n{told}");
}
