use std::time::Duration;

use monitor_layer::instrument_step;

use super::PipelineError;

pub(super) const MOST_SCENES: usize = 500;
/// Of one pause, and of all together.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A paragraph of the script.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scene {
    pub(super) text: String,
    /// Asset names, of lines `[image: name]`.
    pub(super) images: Vec<String>,
    /// Of lines `[pause: 2s]`.
    pub(super) pause: Duration,
    /// The attempts at which the renderer is too busy for it, of lines `[busy: 2]`: to see a job tried again.
    pub(super) busy: u32,
}

/// Divides a script into scenes at its empty lines.
#[instrument_step]
pub(super) fn parse(script: &str) -> Result<Vec<Scene>, PipelineError> {
    let mut scenes = Vec::new();
    let mut scene = None;
    for line in script.lines().map(str::trim) {
        if line.is_empty() {
            scenes.extend(scene.take());
            continue;
        }
        let scene: &mut Scene = scene.get_or_insert_default();
        if let Some(name) = directive(line, "image") {
            scene.images.push(name.to_owned());
        } else if let Some(pause) = directive(line, "pause") {
            scene.pause += parse_pause(pause)?;
        } else if let Some(attempts) = directive(line, "busy") {
            scene.busy = parse_busy(attempts)?;
        } else {
            if !scene.text.is_empty() {
                scene.text.push(' ');
            }
            scene.text.push_str(line);
        }
    }
    scenes.extend(scene);
    if scenes.len() > MOST_SCENES {
        return Err(PipelineError::TooManyScenes(scenes.len()));
    }
    if scenes.iter().map(|scene| scene.pause).sum::<Duration>() > LONGEST_PAUSE {
        return Err(PipelineError::TooLongPauses);
    }
    Ok(scenes)
}

/// `value` of `[name: value]`.
fn directive<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let inside = line.strip_prefix('[')?.strip_suffix(']')?;
    let (key, value) = inside.split_once(':')?;
    (key.trim() == name).then(|| value.trim())
}

fn parse_pause(text: &str) -> Result<Duration, PipelineError> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    number
        .trim()
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
        .filter(|pause| *pause <= LONGEST_PAUSE)
        .ok_or_else(|| PipelineError::InvalidPause(text.to_owned()))
}

fn parse_busy(text: &str) -> Result<u32, PipelineError> {
    let attempts = text.parse().ok().filter(|attempts| *attempts < 100);
    attempts.ok_or_else(|| PipelineError::InvalidBusy(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_scenes_and_lines_in_brackets_directives() {
        let scenes = parse(
            "One\r\nstill one\n\n\n[image: sun.gif]\n[pause: 500ms]\n[pause: 2s]\n[busy: 3]\nTwo [not: one]\n",
        )
        .unwrap();
        assert_eq!(
            scenes,
            [
                Scene {
                    text: "One still one".to_owned(),
                    ..Scene::default()
                },
                Scene {
                    text: "Two [not: one]".to_owned(),
                    images: vec!["sun.gif".to_owned()],
                    pause: Duration::from_millis(2500),
                    busy: 3,
                },
            ]
        );
    }

    #[test]
    fn what_would_take_for_ever_is_refused() {
        assert!(parse(&"a\n\n".repeat(MOST_SCENES)).is_ok());
        assert!(parse(&"a\n\n".repeat(MOST_SCENES + 1)).is_err());
        assert!(parse(&"[pause: 10s]\n".repeat(6)).is_ok());
        assert!(parse(&"[pause: 10s]\n".repeat(7)).is_err());
    }

    #[test]
    fn a_pause_that_is_none_or_too_long_is_refused() {
        for pause in ["soon", "-1s", "NaN", "61s", "1e300s", ""] {
            assert!(parse(&format!("[pause: {pause}]")).is_err(), "{pause}");
        }
    }

    #[test]
    fn attempts_that_are_none_are_refused() {
        for attempts in ["often", "-1", "100", ""] {
            assert!(parse(&format!("[busy: {attempts}]")).is_err(), "{attempts}");
        }
    }
}
