//! What holds for every operation of the API and would be the same words in every annotation: which type an error
//! has, what a cursor and the headers may hold, and that a blank stands for nothing.

use serde_json::{Map, Value, json};

/// The type of every error (RFC 9457).
const PROBLEM: &str = "application/problem+json";
/// The schemas of errors; other answers may have a status of 4xx as well.
const PROBLEMS: &[&str] = &["/Problem", "/LateSave"];
/// Bodies that arrive; a blank word in one of them stands for a word that is left out.
const ARRIVING: &[&str] = &["Raw", "DeployInput"];

/// Completes the document as it was gathered from the annotations.
pub fn refine(document: &mut Value) {
    let words = words_of(document);
    if let Some(paths) = inside(document, "/paths") {
        for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
            errors(operation);
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                refine_parameter(parameter, &words);
            }
        }
    }
    if let Some(schemas) = inside(document, "/components/schemas") {
        for (name, schema) in schemas {
            if ARRIVING.iter().any(|beginning| name.starts_with(beginning)) {
                inside(schema, "/properties")
                    .into_iter()
                    .flat_map(Map::values_mut)
                    .for_each(|field| or_blank(field, &words));
            }
        }
    }
}

/// What stands at a pointer, when it is there: indexing would put a null where nothing is.
fn inside<'a>(value: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    value.pointer_mut(pointer).and_then(Value::as_object_mut)
}

/// References to the schemas that are lists of words.
fn words_of(document: &Value) -> Vec<String> {
    let schemas = document["components"]["schemas"].as_object();
    let enums = schemas.into_iter().flatten().filter(|(_, schema)| schema["enum"].is_array());
    enums.map(|(name, _)| format!("#/components/schemas/{name}")).collect()
}

/// Errors are problems, and any operation may have to wait.
fn errors(operation: &mut Value) {
    let Some(responses) = inside(operation, "/responses") else { return };
    let waiting = json!({"description": "Busy, or the disk is full: try again later.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    responses.entry("5XX").or_insert(waiting);
    for (status, response) in responses {
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = said(status).into();
        }
        if !status.starts_with(['4', '5']) {
            continue;
        }
        let Some(content) = inside(response, "/content") else { continue };
        let is_problem = content.get("application/json").is_some_and(|body| {
            let schema = body["schema"]["$ref"].as_str().unwrap_or_default();
            PROBLEMS.iter().any(|name| schema.ends_with(name))
        });
        if is_problem && let Some(body) = content.remove("application/json") {
            content.insert(PROBLEM.to_owned(), body);
        }
    }
}

fn said(status: &str) -> &'static str {
    match status {
        "200" => "Here it is.",
        "201" => "It was made.",
        "409" => "What is there now does not allow this.",
        "412" => "It was changed since it was read.",
        _ => "It was not done, and why.",
    }
}

fn refine_parameter(parameter: &mut Value, words: &[String]) {
    let place = (parameter["in"].as_str().unwrap_or_default(), parameter["name"].as_str().unwrap_or_default());
    match place {
        ("header", "Idempotency-Key") => {
            parameter["schema"] = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        }
        ("header", "If-Match") => {
            let pattern = "^([0-9]{1,18}|\"[0-9]{1,18}\"|[*])$";
            parameter["schema"] = json!({"type": "string", "pattern": pattern});
        }
        ("query", "cursor") => {
            parameter["schema"] = json!({"type": "string", "maxLength": 430, "pattern": "^[A-Za-z0-9_-]*$"});
        }
        ("query", _) => or_blank(&mut parameter["schema"], words),
        _ => {}
    }
}

/// A word of a list, or nothing.
fn or_blank(schema: &mut Value, words: &[String]) {
    let is_word = |value: &Value| value["$ref"].as_str().is_some_and(|to| words.iter().any(|word| word == to));
    let blank = json!({"type": "string", "maxLength": 0});
    if is_word(schema) {
        *schema = json!({"anyOf": [schema.take(), blank]});
    } else if let Some(ways) = schema.get_mut("oneOf").and_then(Value::as_array_mut)
        && ways.iter().any(is_word)
    {
        ways.push(blank);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_a_problem_and_every_word_is_one_that_is_sent() {
        let document = crate::api::openapi::document();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
        {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let kinds: Vec<_> = response["content"].as_object().unwrap().keys().collect();
                // A pipeline that must wait gets an answer, not an error.
                let is_answer = response["content"].to_string().contains("/Readiness");
                let wanted = if status.starts_with('2') || is_answer { "application/json" } else { PROBLEM };
                assert_eq!(kinds, [wanted], "{} {status}", operation["operationId"]);
                assert!(!response["description"].as_str().unwrap().is_empty());
            }
        }
        assert_eq!(
            document["components"]["schemas"]["Severity"]["enum"],
            json!(["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"])
        );
    }
}
