"""Mapping templates: what they see, what they make, and what they cannot do."""

import pytest

from app.core.gateway.rest.templates import Rendered, TemplateFailed, TemplateInput, render

BODY = '{"a":1,"l":[1,{"x":"y"}],"s":"x\'y","t":true,"n":null}'
GIVEN = TemplateInput(
    BODY,
    {"path": {"id": "7"}, "querystring": {"q": "1 2", "id": "no"}, "header": {"X-H": "v"}},
    {"stage": "dev", "identity": {"sourceIp": "1.2.3.4"}},
    {"v": "one"},
)


def rendered(template: str) -> str:
    return render(template, GIVEN, is_request=True).text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.body", BODY),
        ('$input.json("$")', BODY),
        ('$input.json("$.l")', '[1,{"x":"y"}]'),
        ('$input.json("$.s")', '"x\'y"'),
        ('$input.json("$.nothing")', ""),
        ('$input.json("$.l[*].x")', '["y"]'),
        ('$input.json("$.l[1].x")', '"y"'),
        ("$input.json('$..x')", '["y"]'),
        ('$input.path("$.a") $input.path("$.t") $input.path("$.l[1].x")', "1 true y"),
        ('$input.path("$")', "{a=1, l=[1, {x=y}], s=x'y, t=true, n=null}"),
        ('#set($x = $input.path("$"))$x.s $x.l.size() $x.l[1].x $x.l.isEmpty()', "x'y 2 y false"),
        ('#foreach($i in $input.path("$.l"))$foreach.index:$i#if($foreach.hasNext),#end#end', "0:1,1:{x=y}"),
        ('#foreach($k in $input.path("$").keySet())$k #end', "a l s t n "),
        ('#foreach($e in $input.path("$.l[1]").entrySet())$e.key=$e.value#end', "x=y"),
        ("$input.params('id') $input.params('q') $input.params('X-H') [$input.params('none')]", "7 1 2 v []"),
        ("$input.params().path.id $input.params().querystring.get('q')", "7 1 2"),
        ("$input.params('path').id", ""),
        ("$context.stage $context.identity.sourceIp $stageVariables.v", "dev 1.2.3.4 one"),
        ("[$nothing][$!nothing][${context.stage}]", "[][][dev]"),
        ("#if($context.stage == 'dev')yes#{else}no#end", "yes"),
        ("$util.escapeJavaScript($input.path('$.s'))", "x\\'y"),
        ("$util.urlEncode('a b&c') $util.urlDecode('a+b%26c')", "a+b%26c a b&c"),
        ("$util.base64Encode('hi') $util.base64Decode('aGk=')", "aGk= hi"),
        ('#set($m = $util.parseJson(\'{"a":{"b":[1,"2"]}}\'))$m.a.b[1] $m', "2 {a={b=[1, 2]}}"),
        ("#set($m = {'k': 'v'})$m.k $m.get('k') $m.containsKey('k') $m.size()", "v v true 1"),
        ("$input.path('$.s').length() $input.path('$.s').toUpperCase() $input.path('$.s').substring(1)", "3 X'Y 'y"),
        ("## said aside\n{}", "{}"),
    ],
)
def test_what_a_template_makes(template: str, text: str) -> None:
    assert rendered(template) == text


def test_a_body_that_is_no_json_is_one_text() -> None:
    given = TemplateInput("plain <text>")

    assert render('$input.json("$") $input.path("$.a")', given, is_request=True).text == '"plain <text>" '


def test_overrides_are_told_apart_from_the_text() -> None:
    request = render(
        '#set($context.requestOverride.header.X-A = "1")#set($context.requestOverride.path.id = "8")'
        '#set($context.requestOverride.querystring.q = "z")body',
        GIVEN, is_request=True,
    )  # fmt: skip
    response = render(
        '#set($context.responseOverride.status = 404)#set($context.responseOverride.header.X = "y")', GIVEN,
        is_request=False,
    )  # fmt: skip

    assert request == Rendered("body", {"X-A": "1"}, {"q": "z"}, {"id": "8"})
    assert (response.status, response.headers) == (404, {"X": "y"})


@pytest.mark.parametrize(
    "template", ["$input.json('$[')", "$util.parseJson('{')", "$util.base64Decode('?')", "#foreach($x in )#end"]
)
def test_a_template_that_cannot_be_run_says_why(template: str) -> None:
    with pytest.raises(TemplateFailed):
        rendered(template)
