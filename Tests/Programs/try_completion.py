#!/usr/bin/env python3
"""try_completion.py CONSORT: shells complete commands and options, and man(1) shows the page without a warning.

bash is asked in a real one; zsh and fish read their scripts, and the page is read by groff and mandoc, where these are installed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

CONSORT = os.path.abspath(sys.argv[1])


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode or done.stderr:
        sys.exit(f"try_completion: {' '.join(command)}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def expect(holds, what):
    if not holds:
        sys.exit(f"try_completion: {what}")


def bash(script, *words):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in ("consort", *words))
    return run("bash", "--norc", "-c", f"""source '{script}'
complete -p consort >/dev/null
COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; COMP_LINE="{quoted}"; COMP_POINT=${{#COMP_LINE}}
_consort; printf '%s\\n' "${{COMPREPLY[@]}}" """).split()


def try_bash(script, commands):
    expect(bash(script, "") == [*commands, "completion", "manual", "help"], f"bash offers {bash(script, '')}")
    expect(bash(script, "pre") == ["predict"], "bash does not complete 'pre'")
    expect(bash(script, "data", "") == ["download"] or "download" in bash(script, "data", ""), "bash offers no data set command")
    expect("serve" in bash(script, "help", "s") and bash(script, "completion", "z") == ["zsh"], "bash does not complete help and completion")
    expect(bash(script, "report", "--max-c") == ["--max-cost"], f"bash offers {bash(script, 'report', '--max-c')}")
    expect(bash(script, "report", "a.json", "--max-c") == ["--max-cost"], "bash completes no option after an operand")
    # Values and operands are files, which the shell completes where nothing is offered.
    expect(bash(script, "report", "--out", "") == [] and bash(script, "report", "") == [], "bash offers words for files")
    for command in commands:
        options = {word for word in re.findall(r"^  (--[a-z-]+)", run(CONSORT, "help", command), re.M)}
        missing = options - set(bash(script, command, "--")) if options and command != "data" else set()
        expect(not missing, f"bash does not offer {missing} of {command}")


def main():
    commands = re.findall(r"^  ([a-z-]+)  ", run(CONSORT, "help").split("commands:")[1].split("options:")[0], re.M)
    commands = [name for name in commands if name not in ("completion", "manual", "help")]
    expect("report" in commands and len(commands) > 10, f"the help lists {commands}")
    tried = ["bash"]
    with tempfile.TemporaryDirectory() as directory:
        for shell in ("bash", "zsh", "fish"):
            with open(f"{directory}/{shell}", "w") as file:
                file.write(run(CONSORT, "completion", shell))
        try_bash(f"{directory}/bash", commands)
        for shell in ("zsh", "fish"):
            if shutil.which(shell):
                run(shell, "--no-execute" if shell == "fish" else "-n", f"{directory}/{shell}")
                tried.append(shell)
        if shutil.which("fish"):
            offered = run("fish", "--no-config", "-c", f"source {directory}/fish; complete -C 'consort report --max-c'")
            expect(offered.startswith("--max-cost\t"), f"fish offers {offered}")
        page = f"{directory}/consort.1"
        with open(page, "w") as file:
            file.write(run(CONSORT, "manual"))
        if shutil.which("groff"):
            run("groff", "-man", "-Tutf8", "-ww", "-z", page)
            tried.append("groff")
        if shutil.which("mandoc"):
            # The page bears no date: it would differ with the day that it was made on.
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], text=True, capture_output=True)
            found = [line for line in (lint.stdout + lint.stderr).splitlines() if "missing date" not in line]
            expect(not found, f"mandoc says: {found}")
            tried.append("mandoc")
        if shutil.which("man"):
            shown = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", run("man", "--warnings", "-l", page))
            for command in commands:
                expect(re.search(rf"^ +consort {command}\b", shown, re.M), f"man shows no {command}")
            tried.append("man")
    print(f"try_completion: {len(commands)} commands in {', '.join(tried)}")


main()
