"""Texts that must be shown as they are, and would run, hide, turn or break a careless page."""

CANARY = "window.pwned=1"
"""Script that must never run; the tests look for what it leaves."""

PLANTED = {
    "script": f"<script>{CANARY}</script>",
    "closing": f"</script></title></textarea></template><script>{CANARY}</script>",
    "comment": "<!-- <script> --!> --> ]]> <![CDATA[ <!--",
    "image": f'<img src=x onerror="{CANARY}">',
    "drawing": f"</text></svg><svg onload={CANARY}><script>{CANARY}</script></svg>",
    "attribute": f"\" autofocus onfocus=\"{CANARY}\" ' onmouseover='{CANARY}' x=",
    "link": f'<a href="javascript:{CANARY}">a link</a> javascript:{CANARY}',
    "style": "</style><style>*{display:none!important}</style>",
    "loading": "<link rel=stylesheet href=http://127.0.0.1:9/a><img src=http://127.0.0.1:9/b>",
    "leaving": '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/"><base href=//a/>',
    "frame": f'<iframe srcdoc="<script>parent.{CANARY}</script>"></iframe>',
    "template": "{{ 7 * 7 }} {% if x %} {# no #} ${7 * 7} #{7} <%= 7 %> %(a)s {0}",
    "entity": "&lt;b&gt; &amp;amp; &#x3c;script&#x3e; &nbsp; &copy",
    "escape": r"\u003cscript\u003e \x3c \" \\ \n $& $1 $`",
    "bidi": "ends \u202egpj.exe\u202c, \u2066isolated\u2069, \u2067turned, \u200fmarked",
    "control": "nul \x00, bell \x07, \x1b[31mred\x1b[0m, delete \x7f, next \x9b31m",
    "unseen": "zero\u200bwidth, \ufeffmark, joined\u2060up, soft\u00adhyphen",
    "arabic": "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 (abc) \u05e9\u05dc\u05d5\u05dd 1, 2",
    "combined": "e\u0301 Z\u0351\u036b\u0343 \U0001f469\u200d\U0001f467 \U0001d518",
    "long": "x" * 50_000,
}
"""Name -> a text on one line, without a bar; all can be written as UTF-8."""

HALVES = "half \ud83d of a pair, the other \udc00, and \ude00\ud83d the wrong way round"
"""Lone surrogates. No data file may hold them; models and judges say what they like."""

SHORT = {name: text for name, text in PLANTED.items() if name != "long"}
