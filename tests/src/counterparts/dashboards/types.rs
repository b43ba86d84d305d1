//! That dashboards are what Grafana's types, `@grafana/schema`, take.

use std::{fs, path::Path};

use serde_json::json;

use super::dashboard::Dashboard;
use crate::parts::{Folder, Node, Output, changed, run};

const TYPES: &str = include_str!("dashboard.ts");

#[test]
fn dashboards_are_of_grafana_s_types() {
    let Some(node) = Node::find() else {
        return;
    };
    let dashboards = Dashboard::all().map(|dashboard| (dashboard.name, dashboard.text));
    let said = compile(&node, &dashboards);
    assert!(said.succeeded, "{}{}", said.stdout, said.stderr);
}

#[test]
fn a_broken_dashboard_is_not_of_grafana_s_types() {
    let Some(node) = Node::find() else {
        return;
    };
    let whole = &Dashboard::all()[0].json;
    let broken = [
        ("kind", "/panels/0/type", json!("graph")),
        ("option", "/panels/0/options/colorMode", json!("loud")),
        (
            "option_name",
            "/panels/0/options/colourMode",
            json!("value"),
        ),
        (
            "threshold",
            "/panels/0/fieldConfig/defaults/thresholds/mode",
            json!("steep"),
        ),
        ("place", "/panels/0/gridPos/x", json!("0")),
        ("query", "/panels/0/targets/0/query", json!("up")),
        ("variable", "/templating/list/1/refresh", json!(9)),
        ("annotation", "/annotations/list/0/iconColor", json!(7)),
    ];
    let broken =
        broken.map(|(name, pointer, value)| (name, changed(whole, pointer, value).to_string()));
    let said = compile(&node, &broken);
    for (name, _) in broken {
        let refused = said
            .stdout
            .lines()
            .any(|line| line.contains(&format!("{name}.ts(")));
        assert!(refused, "{name} was taken: {}", said.stdout);
    }
}

/// Compiles dashboards as constants of their type.
fn compile(node: &Node, dashboards: &[(&str, String)]) -> Output {
    let folder = Folder::new();
    fs::write(folder.join("dashboard.ts"), TYPES).unwrap();
    let files: Vec<_> = dashboards
        .iter()
        .map(|(name, _)| format!("{name}.ts"))
        .collect();
    for ((_, text), file) in dashboards.iter().zip(&files) {
        let constant = format!(
            "import type {{ Dashboard }} from './dashboard';\nexport const dashboard: Dashboard = {text};\n"
        );
        fs::write(folder.join(file), constant).unwrap();
    }
    let at = |path: &str| node.packages().join(Path::new(path)).display().to_string();
    let configuration = json!({
        "compilerOptions": {
            "strict": true,
            "noEmit": true,
            "skipLibCheck": true,
            "target": "es2022",
            "module": "esnext",
            "moduleResolution": "bundler",
            "types": [],
            "paths": {
                "@grafana/schema": [at("@grafana/schema/dist/types/index.d.ts")],
                "@grafana/schema/*": [at("@grafana/schema/*")],
            },
        },
        "files": files,
    });
    fs::write(folder.join("tsconfig.json"), configuration.to_string()).unwrap();
    let mut compiler = node.command();
    compiler
        .arg(at("typescript/bin/tsc"))
        .args(["--pretty", "false", "--project"])
        .arg(folder.join("tsconfig.json"));
    run(compiler, b"")
}
