"""Path traversal and file inclusion: families of attacks on a path below a base, and ordinary paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_security.contract import ScanContext, Sink
from orchestrator_security.scanner import Hit
from orchestrator_security.sinks.path import PathScanner

PATH = ScanContext(sink="path", trust="untrusted")


def found(text: str, context: ScanContext = PATH) -> list[Hit]:
    scanner = PathScanner()
    return list(scanner.scan(text, context)) if scanner.prefilter(text, context) else []


ATTACKS = {
    "parents": ["../x", "..", "a/../../x", "a/..", "..\\x", "a\\..\\..\\x", "/..", "..;/x", "a/..;/..;/x", "....//x",
        "....\\\\x", "..././x", ".../x", "..//x", "..\\/x", "../?x", "..#x", "x=../y", "\\../\\../x"],
    "more dots": ["....", "/....", "/.../", "/...etc/group"],
    "servers": ["META-INF/MANIFEST.MF", "/server-status", "D:\\AppServ\\MySQL"],
    "encoded": ["%2e%2e/x", "%2e%2e%2fx", "..%2fx", "..%5cx", "%2E%2E%5Cx", "%252e%252e%252fx", "..%252fx",
        "..%255cx", "%25252e%25252e%25252fx", "..%%32%66x", "..%%35%63x", "%%32%65%%32%65/x", ".%2e/x", "%2e./x"],
    "overlong": ["%c0%ae%c0%ae/x", "..%c0%afx", "..%c1%9cx", "%c0%ae%c0%ae%c0%afx", "%e0%80%ae%e0%80%ae/x",
        "..%e0%80%afx", "%f0%80%80%ae/x", "%fc%80%80%80%80%ae/x", "..%25c0%25afx", "..%c1%1cx", "..%bg%qfx", "..À¯x"],
    "unicode": ["..%u2215x", "%uff0e%uff0e%u2216x", "..∕x", "．．／x", "..＼x", "%u002e%u002e/x", "\\u002e\\u002e/x",
        "&#46;&#46;/x", "&#x2e;&#x2e;&#x2f;x", "\\x2e\\x2e\\x2fx", "0x2e0x2e0x2fx", "..0x5cx"],
    "peeled": ["%32%65%32%65/x", "%32%65%32%65%2fx", "....2fx", "/...5cx", "%%32%65%%32%65%%32%66x"],
    "rooted": ["/usr/share/x", "C:\\", "%WINDIR%\\x", "/~root", "/e*c/x", "/???/x", "/System/Library/x"],
    "stripped": ["..2fx2fy", "..5cx", "2e2e2fx", "..252fx", ".\\.\\./x", "..<>/x", ".|./x"],
    "absolute": ["/etc/group", "/proc/self/environ", "/var/log/syslog", "//etc/group", "/./etc/group",
        "/root/.profile", "/usr/local/etc/php.ini", "/dev/null", "/sys/class/net", "/home/ada/.ssh/id_rsa",
        "/opt/lampp/logs/access_log",
                 "/private/etc/hosts", "/Library/WebServer/Documents", "/home/x/.bashrc", "/apache/logs/error.log",
                 "/srv/x", "~root/x", "~/.aws/x", "/.dockerenv", "/run/secrets/db"],
    "windows": ["C:\\Windows\\win.ini", "c:/windows/system32/drivers/etc/hosts", "\\windows\\x", "C:\\boot.ini",
        "c:\\inetpub\\logs", "C:\\Program Files\\x", "C:\\xampp\\php\\php.ini", "D:/apache/conf/httpd.conf",
        "\\\\host\\share\\x",
                "\\\\?\\C:\\x", "\\\\.\\pipe\\x", "//10.0.0.1/share", "index.php::$DATA", "PROGRA~1\\x",
                "C:\\Users\\Administrator\\x", "C:\\ProgramData\\x", "WINNT/repair/sam.sav"],
    "wrappers": ["php://filter/convert.base64-encode/resource=a", "file:///x", "file:x", "http://a.example/x",
        "https:/a.example", "data:text/plain;base64,QQ==", "data:,x", "expect://ls", "zip://a.zip#b",
        "phar://a.phar/b", "jar:file:x!/y",
                 "glob://x", "PHP://input", "gopher://x", "compress.zlib://x", "php:%2f%2finput", "netdoc:///x",
                 "ldap://x/y", "ftp://x/y"],
    "null bytes": ["a.php%00.jpg", "a\0.txt", "x%2500.png", "a%0d%0ab", "x\\x00", "a.txt%09"],
    "wanted files": ["etc/passwd", "..etc/passwd", ".htaccess", "site/.htpasswd", ".git/config", ".git/HEAD",
        ".svn/entries", ".ssh/authorized_keys", "x/.bash_history", ".env", ".env.production", "WEB-INF/web.xml",
        "wp-config.php", ".aws/credentials", "boot.ini", "cmd.exe"],
}  # fmt: skip

HARMLESS = [
    "a", "a.txt", "docs/readme.md", "src/main/java/App.java", "data/2023/12/31/log.csv", "my file (1).docx",
    "résumé.pdf", "日本/語.txt", "Ünïcödé.md", "a..b", "a..b.txt", "v1..v2.diff", "wait...txt", "end...", "1...10.csv",
    ".gitignore", ".github/workflows/ci.yml", ".gitattributes", ".eslintrc.json", ".env.example", ".env.sample",
    ".vscode/settings.json", ".config/app.toml", "config/database.yml", "conf/nginx.conf", "docker/php.ini",
    "logs/app.log",
    "./a/b.c", "a/./b", "a//b", "a b/c d", "100%.txt", "50%25 off.txt", "caf%C3%A9.txt", "a%20b.txt", "%E6%97%A5.txt",
    "C:\\Users\\ada\\work\\x.py", "D:\\projects\\app\\main.rs", "src\\app\\main.cs", "/home/ada/project/x.py",
    "/tmp/build/x.o",
    "a-b_c+d=e.txt", "it's.txt", "a,b;c.txt", "a&b.txt", "a#b.txt", "#1.txt", "x@2x.png", "@types/node/index.d.ts",
    "~backup", "file~", "notes.txt~", "~$report.docx", "a$b.txt", "[slug]/page.tsx", "(group)/layout.tsx",
    "{id}.json", "Makefile",
    "node_modules/x/index.js", "tests/fixtures/etc.json", "etc.txt", "windows.md", "docs/windows/install.md",
    "boot/start.asm", "lib/php/a.php", "web/index.html", "var.py", "proc/x.c", "system/a.c", "users/ada.json",
    "users/all/x", "home/index.html",
    "passwd.py", "shadow.css", "etc/motd-template.txt", "etc/hosts-notes.md",
    "hosts.yml", "group/issue.md", "a.tar.gz", "x.min.js.map", "2024-01-01T00:00:00.json",
    "a:b.txt", "chapter 1: start.md", "key=value/part-0.parquet", "v1.2.3/changes.md", "x64/a.dll", "0x2a.bin",
    "c0ffee.txt",
    "images/2f.png", "a/5c/b.bin", "e2e/tests/a.ts", "deadbeef2e2f.bin", "security/readme.md", "etc/nginx/nginx.conf",
    "src/etc/app.conf", "id_rsa.pub", "ssh/config.md", "a/b/c/d/e/f/g.txt", "...", "docs/…/x.md", "é/à.txt",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for family in ATTACKS.values() for text in family])
def test_attacks_are_found(text: str) -> None:
    hits = found(text)
    assert hits
    assert {(hit.category, hit.cwe, hit.owasp_llm, hit.kind) for hit in hits} == {
        ("path_traversal", "CWE-22", "LLM05", "")
    }


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_paths_pass(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("sink", ["model", "sql", "html", "shell", "template"])
def test_only_what_is_bound_for_a_path_is_looked_at(sink: Sink) -> None:
    assert not PathScanner().prefilter("../../etc/passwd", ScanContext(sink=sink))


def test_a_hit_spans_what_was_found_in_the_text_itself() -> None:
    text = "pictures/../../x"
    hit = found(text)[0]
    assert hit.rule_id == "path.parent" and ".." in text[hit.start : hit.end]


ENCODINGS = [
    lambda c: c,
    lambda c: f"%{ord(c):02x}",
    lambda c: f"%25{ord(c):02X}",
    lambda c: f"%2525{ord(c):02x}",
    lambda c: f"%u{ord(c):04x}",
    lambda c: f"&#{ord(c)};",
    lambda c: f"\\x{ord(c):02x}",
]


@given(
    st.lists(st.sampled_from(ENCODINGS), min_size=3, max_size=3),
    st.sampled_from("/\\"),
    st.from_regex(r"(?:[a-z]{1,8}/){0,3}", fullmatch=True),
    st.from_regex(r"[a-z]{0,8}", fullmatch=True),
)
def test_a_parent_is_found_in_any_mixture_of_encodings(encodings, slash: str, before: str, after: str) -> None:  # type: ignore[no-untyped-def]
    spelt = "".join(encode(character) for encode, character in zip(encodings, f"..{slash}", strict=True))
    assert found(f"{before}{spelt}{after}")


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_is_scanned_and_offsets_lie_in_it(text: str) -> None:
    for hit in found(text):
        assert 0 <= hit.start <= hit.end <= len(text)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,12}", fullmatch=True), min_size=1, max_size=6))
def test_plain_names_joined_by_slashes_pass(names: list[str]) -> None:
    assert found("docs/" + "/".join(names)) == []


@pytest.mark.parametrize("text", ["", "\ud800", "\ud800/../x", "a" * 100_000, "/" * 100_000, "%25" * 30_000])
def test_odd_texts_are_scanned(text: str) -> None:
    found(text)
