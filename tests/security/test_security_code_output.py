"""Python in what agents answer: found in every style of fence, scanned block by block, placed in the text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_core.errors import UsageError
from orchestrator_security.code.fenced_blocks import find_python
from orchestrator_security.code.scan import CodeScanner, scan_code, scan_output
from orchestrator_security.contract import ScanContext

BAD = "import os\nos.system('x ' + input())"
OUT = ScanContext(direction="out")


def lines_of(text: str) -> set[int]:
    return {p.finding.line for p in scan_output(text).findings if p.finding.severity == "high"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"Here:\n```python\n{BAD}\n```\nDone.", 4),
        (f"```py\n{BAD}\n```", 3),
        (f"~~~python\n{BAD}\n~~~", 3),
        (f"````python\n{BAD}\n````", 3),
        (f"```{{.python .numberLines}}\n{BAD}\n```", 3),
        (f'```python title="app.py"\n{BAD}\n```', 3),
        (f"``` Python3\n{BAD}\n```", 3),
        (f"```\n{BAD}\n```", 3),
        (f"```python\n{BAD}", 3),
        ("1. Do\n\n   ```python\n   import os\n   os.system('x ' + input())\n   ```\n", 5),
        ("> ```python\n> import os\n> os.system('x ' + input())\n> ```\n", 3),
        ("- ```python\n  import os\n  os.system('x ' + input())\n  ```\n", 3),
        (".. code-block:: python\n   :linenos:\n\n   import os\n   os.system('x ' + input())\n\nEnd", 5),
        ('<pre><code class="language-python">import os\nos.system(&#x27;x &#x27; + input())\n</code></pre>', 2),
        (">>> import os\n>>> os.system('x ' + input())\n0\n", 2),
        ("```pycon\n>>> import os\n>>> def f(a):\n...     os.system('x ' + input())\n```", 4),
        ("In [1]: import os\nIn [2]: os.system('x ' + input())\n", 2),
        (BAD, 2),
        ("import os\r\nos.system('x ' + input())\r\n", 2),
        (f"Sure, here it is:\n\n{BAD}\n\nHope this helps!", 4),
        (f"Use this:\n{BAD}\n", 3),
        ("```python\n%pip install x\n!ls\nimport os\nos.system('x ' + input())\n```", 5),
    ],
)
def test_code_is_found_in_every_style(text: str, line: int) -> None:
    assert lines_of(text) == {line}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No code here, only a sentence about eval(x) and os.system.",
        "Never call `eval(input())` on what a stranger sends.",
        "```js\neval(prompt())\n```",
        "```bash\nrm -rf / # import os\n```",
        '```\nTraceback (most recent call last):\n  File "a.py", line 3\n```',
        "| a = b | c(d) |\n|---|---|",
    ],
)
def test_what_is_no_python_is_left_alone(text: str) -> None:
    assert scan_output(text).findings == ()


def test_a_block_that_does_not_parse_hides_no_other() -> None:
    scan = scan_output(f"```python\ndef (\n```\n\n```python\n{BAD}\n```\n")
    assert {p.finding.line for p in scan.findings} >= {7}
    assert len(scan.not_scanned) == 1
    assert "line 2" in scan.not_scanned[0]


def test_other_languages_are_said_to_be_not_scanned() -> None:
    assert scan_output("```rust\nfn main() {}\n```").not_scanned == ("code in rust: only Python is scanned",)
    assert "only Python" in scan_code("fn main() {}", language="rust").error


def test_too_much_code_is_said_to_be_not_scanned() -> None:
    text = "```python\n" + "x = 1\n" * 100 + "```\n```python\neval(input())\n```"
    scan = scan_output(text, max_characters=610)
    assert scan.findings == ()
    assert "more than 610" in scan.not_scanned[0]


def test_a_hit_marks_the_line_and_names_weakness_and_fix() -> None:
    text = f"Look:\n```python\n{BAD}\n```\n"
    hits = [hit for hit in CodeScanner().scan(text, OUT) if hit.severity == "high"]
    assert [text[hit.start : hit.end] for hit in hits] == ["os.system('x ' + input())"]
    assert (hits[0].category, hits[0].cwe, hits[0].kind) == ("insecure_code", "CWE-78", "")
    assert hits[0].rule_id.startswith("code.")
    assert hits[0].message.startswith("line 4: ")
    assert "shlex.quote" in hits[0].message


def test_only_answers_are_scanned() -> None:
    scanner, text = CodeScanner(), f"```python\n{BAD}\n```"
    assert scanner.prefilter(text, OUT)
    assert not any(scanner.prefilter(text, ScanContext(direction=d)) for d in ("in", "memory", "tool", "file"))
    assert not scanner.prefilter("The weather is fine today.", OUT)


def test_indented_code_is_scanned() -> None:
    scan = scan_code("    import os\n    os.system('x ' + input())\n")
    assert scan.error == ""
    assert [f.line for f in scan.findings if f.severity == "high"] == [2]


@pytest.mark.parametrize("value", [b"eval(x)", None, 3])
def test_what_is_no_text_is_the_callers_mistake(value: object) -> None:
    with pytest.raises(UsageError, match="takes text"):
        scan_code(value)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="`~>. \n\tpy=:(import)x'In[1]<code>/pre-\r\ud800\x00", max_size=200))
def test_any_text_is_searched_and_places_stay_inside(text: str) -> None:
    for block in find_python(text).blocks:
        assert len(block.places) == block.code.count("\n")
        assert all(0 <= start <= end <= len(text) for start, end in block.places)
    for hit in CodeScanner().scan(text, OUT):
        assert 0 <= hit.start <= hit.end <= len(text)


def test_code_that_packs_too_much_into_its_lines_is_told_as_unscanned_while_a_caller_waits() -> None:
    dense = "eval(x)\n" * 2_000
    hits = CodeScanner().scan(f"```python\n{dense}```", ScanContext("out"))
    assert [hit.rule_id for hit in hits] == ["code.not-scanned"]
    assert "packs too much" in hits[0].message
    assert scan_output(f"```python\n{dense}```").findings
    table = "rows = [\n" + "    (1, 'a name', 2.5),\n" * 800 + "]\neval(x)\n"
    assert [hit.rule_id for hit in CodeScanner().scan(f"```python\n{table}```", ScanContext("out"))] == ["code.B307"]


def test_an_answer_that_is_nothing_but_crowded_code_does_not_look_clean() -> None:
    hits = CodeScanner().scan("eval(x)\n" * 2_500, ScanContext(direction="out"))
    assert [hit.rule_id for hit in hits] == ["code.not-scanned"]
    assert "packs too much" in hits[0].message


def test_marks_that_a_library_left_on_shared_nodes_do_not_make_a_text_crowded() -> None:
    shared = ast.parse("x", mode="eval").body.ctx  # type: ignore[attr-defined]
    assert shared is ast.parse("y", mode="eval").body.ctx  # type: ignore[attr-defined]
    shared._bandit_parent = ast.parse("eval(x)\n" * 3_000)
    try:
        assert [hit.rule_id for hit in CodeScanner().scan("```python\nexec(x)\n```", OUT)] == ["code.B102"]
    finally:
        del shared._bandit_parent
