"""The style sheet of the evaluation's page: light and dark, phone to desktop."""

STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf8;--card:#fff;--ink:#1d1f23;--soft:#646b76;--rule:#e2e0da;--good:#1f7a4d;
--bad:#c2372b;--wait:#b07a0c;--blue:#2d5fb8;--violet:#7a4fb5;--good-bg:#e4f3ea;--bad-bg:#fbe7e4;--wait-bg:#fbf1dc}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1e2125;--ink:#eceae5;--soft:#9ea5b0;--rule:#33373d;
--good:#5cc98f;--bad:#f0857a;--wait:#e0b252;--blue:#82aaf2;--violet:#bb96ee;--good-bg:#1b3527;--bad-bg:#40211e;
--wait-bg:#3a2f17}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;
overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px;text-wrap:balance}
h2{font-size:1.2rem;margin:44px 0 4px}
p{margin:6px 0 12px;max-width:72ch}
.soft{color:var(--soft);font-size:.9rem}
.lead{font-size:1.1rem;margin:14px 0 20px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0}
.tile,.plot,.face,.advice li{background:var(--card);border:1px solid var(--rule);border-radius:10px}
.tile{padding:12px 14px}
.tile b{display:block;font-size:1.7rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:.9rem}
.advice{list-style:none;margin:12px 0;padding:0;display:grid;gap:8px}
.advice li{padding:10px 14px;border-left:4px solid var(--wait);display:flex;gap:12px;align-items:center}
.advice li.bad{border-left-color:var(--bad)}.advice li.fine{border-left-color:var(--good)}
.advice img{width:44px;height:44px;border-radius:6px;flex:none}
.advice .pair{display:flex;gap:4px;flex:none}
.scroll{overflow-x:auto;margin:12px -20px;padding:0 20px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.95rem}
th{font-weight:600;text-align:left;color:var(--soft);font-size:.85rem;white-space:nowrap}
th,td{padding:7px 10px;border-bottom:1px solid var(--rule);vertical-align:middle}
td:first-child,th:first-child{padding-left:0}
.num{text-align:right;white-space:nowrap}
.who{display:flex;gap:10px;align-items:center;font-weight:550;white-space:nowrap}
.who img{width:40px;height:40px;border-radius:50%;flex:none}
.bar{display:block;position:relative;height:8px;min-width:90px;border-radius:4px;background:var(--rule);margin-top:3px}
.bar i{position:absolute;inset:0 auto 0 0;border-radius:4px;background:var(--good)}
.bar u{position:absolute;top:3px;height:2px;background:var(--ink);opacity:.55}
.matrix{width:auto}
.matrix th,.matrix td{padding:4px 6px;text-align:center;border:1px solid var(--rule);min-width:34px}
.matrix thead th{writing-mode:vertical-rl;transform:rotate(180deg);padding:8px 4px;text-align:left}
.matrix tbody th{text-align:right;padding-right:10px;position:sticky;left:0;background:var(--paper)}
.matrix td.hit{background:var(--good-bg)}.matrix td.miss{background:var(--bad-bg);font-weight:650}
.matrix td.none{background:var(--wait-bg)}.matrix td.zero{color:transparent}
.faces{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:12px;margin:12px 0}
.face{padding:12px;display:grid;grid-template-columns:auto 1fr;gap:4px 12px;align-items:start;align-content:start}
.face .pair{display:flex;gap:6px}
.face img,.face .gone{width:88px;height:88px;border-radius:8px;object-fit:cover}
.face .pair img+img{width:56px;height:56px;align-self:end;opacity:.95}
.face .text{grid-column:1/-1;font-size:.9rem;line-height:1.4}
.gone{display:grid;place-items:center;background:var(--rule);color:var(--soft);font-size:.75rem}
.tag{display:inline-block;border-radius:5px;padding:0 7px;font-size:.85rem;font-weight:600}
.tag.bad{background:var(--bad-bg);color:var(--bad)}.tag.wait{background:var(--wait-bg);color:var(--wait)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:14px;margin:14px 0}
.plot{padding:14px 14px 8px;margin:0}
.plot figcaption b{display:block}
.plot figcaption{font-size:.88rem;color:var(--soft);margin-bottom:8px}
.plot figcaption b{color:var(--ink);font-size:1rem}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;margin-top:4px;color:var(--ink)}
.legend i{display:inline-block;width:18px;height:0;border-top:3px solid;vertical-align:middle;margin-right:5px}
.chart{display:block;width:100%;height:auto;font-size:13px;fill:var(--soft)}
.chart .axis{fill:var(--ink);font-size:13px}.chart .marked{fill:var(--ink);font-size:13px}
.chart .grid{stroke:var(--rule)}.chart .mark{stroke:var(--ink);stroke-dasharray:4 4}
.chart .line{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
.chart .dot{stroke:var(--card);stroke-width:2}
.line.good{stroke:var(--good)}.line.bad{stroke:var(--bad)}.line.wait{stroke:var(--wait)}.line.blue{stroke:var(--blue)}
.line.violet{stroke:var(--violet)}.line.soft{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:3 5}
.dot.good{fill:var(--good)}.dot.blue{fill:var(--blue)}.dot.violet{fill:var(--violet)}
i.good{border-color:var(--good)}i.bad{border-color:var(--bad)}i.wait{border-color:var(--wait)}
i.blue{border-color:var(--blue)}i.violet{border-color:var(--violet)}i.soft{border-color:var(--soft);border-top-style:dotted}
@media (max-width:560px){main{padding:20px 14px 40px}.scroll{margin:12px -14px;padding:0 14px}h1{font-size:1.4rem}
.tiles{grid-template-columns:1fr 1fr}.tile b{font-size:1.4rem}}
@media print{body{background:#fff}.plot,.face,.tile{break-inside:avoid}}
"""
