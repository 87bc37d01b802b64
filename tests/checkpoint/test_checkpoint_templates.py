"""A cut or empty chat template is distinguished from one that only looks unusual."""

from __future__ import annotations

import pytest

from switchover.checkpoint.templates import find_template_fault


@pytest.mark.parametrize(
    "template",
    [
        "plain text, no tag at all",
        "{{ messages }}",
        "{%- for m in messages -%}{% if m %}a{% elif b %}c{% else %}d{% endif %}{%- endfor -%}",
        "{% set x = namespace(a='%}') %}{{ '}}' }}",
        "{% set block %}text{% endset %}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{% call f(1) %}x{% endcall %}",
        "{% generation %}{{ m }}{% endgeneration %}",
        "{% raw %}{{ not a tag {% either {% endraw %}",
        "{# a comment with {% and {{ #}",
        "{{ {'a': {'b': 1}}['a'] }}",
        "{{ 'it\\'s' }}{% if \"a\\\"%}\" %}{% endif %}",
        "{% for m in messages %}{% if m %}{% break %}{% endif %}{% endfor %}",
        "{% filter upper %}a{% endfilter %}{% with a = 1 %}{% endwith %}",
        "a } b % c }} d %}",
    ],
)
def test_a_template_that_jinja_parses_has_no_fault(template: str) -> None:
    assert find_template_fault(template) is None


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{{ messages", "has no }} for the {{ in line 1"),
        ("a\n{% for m in messages", "has no %} for the {% in line 2"),
        ("{# never", "has no #} for the {# in line 1"),
        ("{% if a %}x", "never ends its block 'if'"),
        ("{% for a in b %}{% if a %}{% endfor %}", "has 'endfor' in line 1, where no such block"),
        ("{% endif %}", "has 'endif' in line 1, where no such block"),
        ("{% raw %}x", "never ends its block 'raw'"),
    ],
)
def test_a_broken_template_says_where(template: str, fault: str) -> None:
    assert (find_template_fault(template) or "").startswith(fault)
