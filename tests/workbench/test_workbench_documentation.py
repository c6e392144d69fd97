from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.workbench.documentation_specialist import run
from orchestrator.agents.workbench.documents import markdown_document
from orchestrator.agents.workbench.documents.markdown_document import Fence, read_markdown
from orchestrator.agents.workbench.documents.markdown_links import dead_links
from orchestrator.agents.workbench.documents.markdown_snippets import check_fence
from orchestrator_core.errors import TargetError

MakeProject = Callable[[Mapping[str, str]], Path]
Digest = Callable[[Path], dict[str, str]]

BASE = {"README.md": "# Shop\n", "shop.py": '"""A shop."""\n'}


def places(report: dict[str, Any], rule: str) -> list[tuple[str, int]]:
    return [(issue["path"], issue["line"]) for issue in report["issues"] if issue["rule"] == rule]


LINKS = {
    "relative file": ("dead-link", "[x](docs/gone.md)", "[x](docs/here.md)"),
    "with a blank, percent-encoded": ("dead-link", "[x](docs/a%20c.md)", "[x](docs/a%20b.md)"),
    "reference style": ("dead-link", "[x][r]\n\n[r]: gone.md", "[x][r]\n\n[r]: docs/here.md"),
    "image": ("dead-link", "![x](gone.png)", "![x](docs/picture.png)"),
    "in HTML": ("dead-link", "<p>\n<img src='gone.png'></p>", "<p>\n<img src='docs/picture.png'></p>"),
    "in a table": ("dead-link", "| a |\n|---|\n| [x](gone.md) |", "| a |\n|---|\n| [x](docs/here.md) |"),
    "from the root": ("dead-link", "[x](/docs/gone.md)", "[x](/docs/here.md)"),
    "folder": ("dead-link", "[x](nowhere/)", "[x](docs/)"),
    "with a query": ("dead-link", "[x](gone.md?raw=1)", "[x](docs/here.md?raw=1)"),
    "outside is only counted": (
        "dead-link",
        "[x](gone.md)",
        "[x](https://shop.example/gone.md) <mailto:a@shop.example> [y](//h/x) [z](../../issues)",
    ),
    "in code is no link": ("dead-link", "[x](gone.md)", "`[x](gone.md)`\n\n    [x](gone.md)\n"),
    "of a template": ("dead-link", "[x](gone)", "[x](<{{ url }}>)"),
    "in a comment": ("dead-link", "[x](gone)", "<!-- [x](gone) <a href='gone'> -->"),
    "heading in the same file": ("dead-anchor", "[x](#gone)", "[x](#shop)"),
    "heading in another file": ("dead-anchor", "[x](docs/here.md#gone)", "[x](docs/here.md#what-it-is-1)"),
    "heading with punctuation": ("dead-anchor", "## A & B (c)\n[x](#a-b-d)", "## A & B (c)\n[x](#a--b-c)"),
    "heading as documentation sites name it": ("dead-anchor", "## A & B\n[x](#a-c)", "## A & B\n[x](#a-b)"),
    "heading with code and emphasis": (
        "dead-anchor",
        "## The `run()` *call*\n[x](#the-run)",
        "## The `run()` *call*\n[x](#the-run-call)",
    ),
    "anchor in HTML": ("dead-anchor", "[x](#spot)", "<a id='spot'></a>\n\n[x](#spot)"),
    "named heading": ("dead-anchor", "## A\n[x](#own)", "## A {#own}\n[x](#own)"),
    "line of a source file": ("dead-link", "[x](gone.py#L3)", "[x](shop.py#L3)"),
}

FILES = {
    **BASE,
    "docs/here.md": "# What it is\n\n# What it is\n",
    "docs/a b.md": "",
    "docs/picture.png": "",
}


@pytest.mark.parametrize("name", LINKS)
def test_finds_the_dead_link(make_project: MakeProject, name: str) -> None:
    rule, dead, _ = LINKS[name]
    report = run("", {"path": make_project({**FILES, "README.md": f"# Shop\n\n{dead}\n"})})
    assert [path for path, _ in places(report, rule)] == ["README.md"]


@pytest.mark.parametrize("name", LINKS)
def test_leaves_the_live_link_alone(make_project: MakeProject, name: str) -> None:
    _, _, live = LINKS[name]
    report = run("", {"path": make_project({**FILES, "README.md": f"# Shop\n\n{live}\n"})})
    assert places(report, "dead-link") + places(report, "dead-anchor") == []


def test_a_link_is_found_on_its_line(make_project: MakeProject) -> None:
    text = "---\ntitle: x\n---\n# Shop\n\nfirst\nsecond [x](gone.md)\nthird\n\n- item\n- [y](lost.md)\n"
    report = run("", {"path": make_project({**BASE, "README.md": text})})
    assert places(report, "dead-link") == [("README.md", 7), ("README.md", 11)]


def test_the_nearest_file_of_that_name_is_offered(make_project: MakeProject) -> None:
    report = run("", {"path": make_project({**FILES, "README.md": "[x](here.md)\n"})})
    assert [i["fix"] for i in report["issues"] if i["rule"] == "dead-link"] == ["did you mean docs/here.md?"]


def test_links_of_a_documentation_site_may_lack_their_ending(make_project: MakeProject) -> None:
    files = {**FILES, "docs/index.md": "[a](here) [b](here.html) [c](/elsewhere/) [d](gone)\n"}
    assert len(places(run("", {"path": make_project(files)}), "dead-link")) == 4
    report = run("", {"path": make_project({**files, "mkdocs.yml": "site_name: x\n"})})
    assert places(report, "dead-link") == [("docs/index.md", 1)]


def test_a_sphinx_document_may_name_labels_and_objects(make_project: MakeProject) -> None:
    files = {**BASE, "docs/index.md": "[a](api-label) [b](shop.cart.Cart) [c](gone.md) [d](img/gone)\n"}
    assert len(places(run("", {"path": make_project(files)}), "dead-link")) == 4
    report = run("", {"path": make_project({**files, "docs/conf.py": "project = 'x'\n"})})
    assert [i["message"].split("'")[1] for i in report["issues"] if i["rule"] == "dead-link"] == ["gone.md", "img/gone"]


def test_documents_of_tests_may_be_wrong(make_project: MakeProject) -> None:
    report = run("", {"path": make_project({**BASE, "tests/broken.md": "[x](gone.md)\n```python\n(\n```\n"})})
    assert report["issues"] == []


def test_odd_addresses_do_not_end_the_run(make_project: MakeProject) -> None:
    text = f"[a](<{'x' * 5000}>) [b](%00) [c](a%FFb) [d](<../../../../../../../etc/passwd>) [e](#) [f](%2e%2e/%2e%2e/x) [g]()\n"
    report = run("", {"path": make_project({**BASE, "README.md": text})})
    assert report["summary"]["links checked"] > 0


SNIPPETS = {
    "missing colon": ("python", "with open('x') as f\n    f.read()", "with open('x') as f:\n    f.read()"),
    "Python 2": ("python", "print 'x'", "print('x')"),
    "unclosed bracket": ("py", "f(1, 2\n", "f(1, 2)"),
    "an ellipsis stands for arguments": ("python", "f(a=1, )) ", "f(a=1, ...)"),
    "an ellipsis stands for a body": ("python", "def f(:\n    ...", "def f(x, ...):\n    ..."),
    "an ellipsis stands for entries": (
        "python",
        "x = {'a': 1 'b': 2}",
        "x = {'a': 1, ...}\ny = [1, 2, ...]\nz = {..., 'b': 2}",
    ),
    "a placeholder": ("python", "key = <", "key = <your key here>"),
    "shell lines among the code": ("python", "from shop import\n", "!pip install shop\n%timeit x\n$ ls\nimport shop"),
    "indented as a whole": ("python", "    a = 1\n  b = 2", "    a = 1\n    b = 2"),
    "a method alone": ("python", "    def f(self)\n        pass", "    def f(self):\n        return 1"),
    "await outside a function": ("python", "await = f()", "x = await f()\nasync with g() as h:\n    pass"),
    "a signature": ("python", "fetch(url: str, -> Response", "fetch(url: str, *, retries: int = 3) -> Response"),
    "a decorator alone": ("python", "@app.get('/'\n", "@app.get('/')"),
    "a block without its body": ("python", "for x in y\n", "for x in y:"),
    "prompts": (
        "pycon",
        ">>> f(\n... 1\n... \n>>> 2",
        ">>> f(\n...    1)\n{'a': <object>}\n>>> for x in y:\n...     print(x)\n1\n",
    ),
    "prompts without continuation dots": ("python", ">>> f(1,\n    2]\n", ">>> f(1,\n...   2)\n>>> g(1,\n    2)\n3\n"),
    "an error that is meant": (
        "pycon",
        ">>> 1 +\n",
        ">>> 1 +\nTraceback (most recent call last):\nSyntaxError: invalid syntax\n",
    ),
    "JSON": ("json", '{"a": 1,}', '{"a": 1}'),
    "JSON with comments and an elision": (
        "json",
        '{"a" 1}',
        '{"a": 1, // first\n "b": [1, ...], "u": "http://x", ...}',
    ),
    "part of a JSON object": ("json", '"a": {"b": 1', '"a": {"b": 1},'),
    "JSON lines": ("json", '{"a": 1}\n{"b"', '{"a": 1}\n{"b": 2}'),
    "TOML": ("toml", "a = ", "a = 1\n[b]\nc = []"),
    "TOML with an elision": ("toml", "[a", "[a]\n...\nb = 1\nc = ..."),
    "TOML shown twice": ("toml", "[a]\n[b\n", "[a]\nx = 1\n# or\n[a]\nx = 2\n"),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_finds_the_snippet_that_does_not_parse(make_project: MakeProject, name: str) -> None:
    language, broken, _ = SNIPPETS[name]
    report = run("", {"path": make_project({**BASE, "README.md": f"# Shop\n\n```{language}\n{broken}\n```\n"})})
    assert [path for path, _ in places(report, "snippet-does-not-parse")] == ["README.md"]


@pytest.mark.parametrize("name", SNIPPETS)
def test_leaves_the_whole_snippet_alone(make_project: MakeProject, name: str) -> None:
    language, _, whole = SNIPPETS[name]
    report = run("", {"path": make_project({**BASE, "README.md": f"# Shop\n\n```{language}\n{whole}\n```\n"})})
    assert places(report, "snippet-does-not-parse") == []


@pytest.mark.parametrize("info", ["{.python}", "python title='x'", "python,ignore", "{python}", "PYTHON", "py3"])
def test_the_language_is_read_from_every_usual_form(info: str) -> None:
    (fence,) = read_markdown(f"~~~ {info}\n(\n~~~\n").fences
    assert check_fence(fence) is not None


def test_other_languages_are_left_alone() -> None:
    assert all(
        check_fence(Fence(language, "((((", 1)) is None for language in ("", "bash", "rust", "yaml", "text", "jsonc")
    )


def test_a_snippet_is_found_on_its_line_and_weighs_more_in_a_readme(make_project: MakeProject) -> None:
    text = "# Shop\n\n1. item\n\n   ```python\n   x = 1\n   y = = 2\n   ```\n"
    report = run("", {"path": make_project({**BASE, "README.md": text, "docs/a.md": text})})
    found = {(i["path"], i["line"]): i["severity"] for i in report["issues"] if i["rule"] == "snippet-does-not-parse"}
    assert found == {("README.md", 7): "medium", ("docs/a.md", 7): "low"}


def test_syntax_that_only_a_newer_python_knows_is_no_error() -> None:
    assert check_fence(Fence("python", "type Name = str\n", 1)) is None
    assert check_fence(Fence("python", "def first[T](items: list[T]) -> T: ...\n", 1)) is None


def test_deep_nesting_is_an_answer_and_no_crash() -> None:
    assert check_fence(Fence("json", "[" * 100_000, 1)) is not None
    assert check_fence(Fence("python", "(" * 100_000, 1)) is not None
    assert check_fence(Fence("toml", "a = " + "[" * 50_000, 1)) is not None


@given(st.sampled_from(["python", "pycon", "json", "toml"]), st.text(max_size=80))
def test_any_snippet_gets_an_answer(language: str, text: str) -> None:
    found = check_fence(Fence(language, text, 1))
    assert found is None or found.reason


@given(st.text(max_size=200))
def test_any_text_is_a_document(text: str) -> None:
    document = read_markdown(text)
    assert isinstance(dead_links({"a.md": document}, ["a.md"], lambda _: False)[0], list)


# --- docstrings ------------------------------------------------------------------------------------------------------------------

DOCSTRINGS = {
    "module": ("x = 1\n", '"""M."""\nx = 1\n'),
    "function": ('"""M."""\ndef f(): ...\n', '"""M."""\ndef f():\n    """F."""\n'),
    "async function": ('"""M."""\nasync def f(): ...\n', '"""M."""\nasync def f():\n    """F."""\n'),
    "class": ('"""M."""\nclass C: ...\n', '"""M."""\nclass C:\n    """C."""\n'),
    "method": (
        '"""M."""\nclass C:\n    """C."""\n    def m(self): ...\n',
        '"""M."""\nclass C:\n    """C."""\n    def m(self):\n        """F."""\n',
    ),
    "private names need none": (
        '"""M."""\ndef f(): ...\n',
        '"""M."""\ndef _f(): ...\nclass _C:\n    def m(self): ...\n',
    ),
    "inner functions and dunders need none": (
        '"""M."""\ndef f(): ...\n',
        '"""M."""\ndef f():\n    """F."""\n    def g(): ...\nclass C:\n    """C."""\n    def __init__(self): ...\n',
    ),
    "overloads need none": ('"""M."""\ndef f(): ...\n', '"""M."""\n@typing.overload\ndef f(): ...\n'),
    "__all__ decides": ('"""M."""\n__all__ = ["f"]\ndef f(): ...\n', '"""M."""\n__all__ = ["g"]\ndef f(): ...\n'),
    "an empty file needs none": ("x = 1\n", ""),
}


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_finds_the_missing_docstring(make_project: MakeProject, name: str) -> None:
    assert places(run("", {"path": make_project({**BASE, "m.py": DOCSTRINGS[name][0]})}), "missing-docstring")


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_asks_for_no_docstring_where_none_is_due(make_project: MakeProject, name: str) -> None:
    assert places(run("", {"path": make_project({**BASE, "m.py": DOCSTRINGS[name][1]})}), "missing-docstring") == []


def test_coverage_counts_public_names_outside_tests(make_project: MakeProject) -> None:
    root = make_project(
        {
            **BASE,
            "m.py": '"""M."""\ndef f(): ...\n',
            "tests/test_m.py": "def test_f(): ...\n",
            "_p.py": "def g(): ...\n",
        }
    )
    report = run("", {"path": root})
    assert report["data"]["coverage"] == {
        "m.py": {"public": 2, "documented": 1},
        "shop.py": {"public": 1, "documented": 1},
    }
    assert report["summary"]["documented"] == "2 (67 %)"


def test_a_project_without_a_readme(make_project: MakeProject) -> None:
    assert places(run("", {"path": make_project({"shop.py": '"""S."""\n'})}), "no-readme") == [("", 0)]
    assert run("", {"path": make_project({**BASE})})["issues"] == []


def test_without_markdown_it_the_rest_goes_on(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    markdown_document._parser.cache_clear()
    report = run("", {"path": make_project({**BASE, "m.py": "x = 1\n"})})
    assert places(report, "missing-docstring")
    assert "pip install markdown-it-py" in report["limits"]["links"]


def test_a_folder_that_does_not_fit_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x", encoding="utf-8")
    with pytest.raises(TargetError, match="no Python"):
        run("", {"path": tmp_path})


def test_writes_nothing_into_the_folder(make_project: MakeProject, digest: Digest) -> None:
    text = "\n\n".join(
        [*(dead for _, dead, _ in LINKS.values()), *(f"```{s[0]}\n{s[1]}\n```" for s in SNIPPETS.values())]
    )
    root = make_project({**FILES, "README.md": text})
    before = digest(root)
    assert run("", {"path": root})["issues"]
    assert digest(root) == before
