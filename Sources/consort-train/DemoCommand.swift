import CLI

let consortVersion = "0.1.0"
let demoCommand = Command(name: "demo", summary: "x") { _ in }
