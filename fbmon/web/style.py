"""The style of the page, and its hash, by which the browser knows that it is ours. Light and dark, and for print.

All that colour tells is told by form or word, too.
"""
import base64
import hashlib

STYLE = '''
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --line: #bbb; --soft: #f0f0f0; --bad: #a80019;
  --on-bad: #fff; --good: #2f6d2f; --hand: #1a4f9c; --grey: #555; --link: #0b4fa8 }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #15181b; --line: #4a4f55; --soft: #22272c;
  --bad: #ff7b86; --on-bad: #15181b; --good: #83c983; --hand: #8ab8ff; --grey: #aaa; --link: #9cc4ff } }
body { font: 16px/1.45 sans-serif; color: var(--ink); background: var(--paper); max-width: 1100px; margin: 0 auto;
  padding: 12px }
h1 { font-size: 1.2em; margin: 0 0 .6em } h2 { font-size: 1.1em; margin: 1.5em 0 .4em } p { margin: .4em 0 }
a { color: var(--link) } a:focus, .wide:focus { outline: 3px solid var(--link); outline-offset: 2px }
.state { font-size: 1.5em; font-weight: bold; margin: 0 0 .5em; padding: .35em .6em; border: 3px solid;
  overflow-wrap: anywhere }
.state small { display: block; font-size: .62em; font-weight: normal }
.normal { border-color: var(--good) }
.bypass, .down { background: var(--bad); color: var(--on-bad); border-color: var(--bad) }
.unknown { border-style: dashed } .before { border-style: dotted; font-size: 1.1em }
.loud { border-left: 6px solid var(--bad); padding-left: 8px; font-weight: bold; overflow-wrap: anywhere }
figure { margin: 0 } .problems { padding: 0 } .problems li { border-left: 6px solid var(--bad); padding-left: 8px;
  margin-bottom: 6px; list-style: none; overflow-wrap: anywhere }
.wide { overflow-x: auto } table { border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: 3px 16px 3px 0; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums }
thead th { border-bottom: 2px solid var(--ink); white-space: nowrap } tbody th { font-weight: normal; min-width: 9em }
.wrong th, .wrong td { font-weight: bold } .mark { color: var(--bad) }
.row { margin-bottom: 6px; break-inside: avoid } .row div { font-size: .85em; overflow-wrap: anywhere }
svg { display: block } .lane { background: var(--soft); border-bottom: 1px solid var(--grey) }
.bad { fill: var(--bad) } .hand { fill: url(#hand) } .unseen { fill: url(#hatch) } .away { fill: url(#dots) }
.good { fill: var(--good) } .ticks { fill: var(--ink) } .defs { position: absolute }
.blue { fill: var(--hand) } .dot { fill: var(--grey) } .back { fill: var(--paper) }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: .85em; margin: 8px 0 0; padding: 0 }
.legend li { list-style: none; display: flex; gap: 6px; align-items: center }
footer { margin-top: 2em; border-top: 1px solid var(--line); padding-top: .6em; font-size: .9em }
@media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact } footer { display: none } }
'''

PATTERNS = '''<svg class="defs" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<rect class="back" width="6" height="6"/><rect class="dot" width="2" height="6"/></pattern>
<pattern id="hand" width="6" height="6" patternUnits="userSpaceOnUse">\
<rect class="blue" width="6" height="6"/><rect class="back" width="6" height="2"/></pattern>
<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">\
<rect class="back" width="5" height="5"/><circle class="dot" cx="2" cy="2" r="1.4"/></pattern>
</defs></svg>'''

# What the Content-Security-Policy adds for the page (CSP 3): this style, and nothing else.
POLICY = "; style-src 'sha256-%s'" % base64.b64encode(hashlib.sha256(STYLE.encode('ascii')).digest()).decode('ascii')
