/**
 * The report's style sheet: quiet paper, one accent, figures and numbers first. Light and dark follow the reader's system; a narrow
 * window stacks the columns; print drops what needs a pointer.
 */

import { FONT } from "./figure.ts";
import { DARK, LIGHT, variables } from "./palette.ts";

const SERIF = `"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", "Liberation Serif", Georgia, serif`;
const MONO = `ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace`;

export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 ${FONT};font-variant-numeric:tabular-nums}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 32px}
header{padding-top:56px;padding-bottom:20px}
.eyebrow{margin:0 0 14px;font-size:12px;letter-spacing:.09em;text-transform:uppercase;color:var(--soft)}
.eyebrow b{color:var(--accent);font-weight:600}
h1{margin:0;max-width:26em;font:400 34px/1.22 ${SERIF};letter-spacing:-.012em;text-wrap:balance;overflow-wrap:anywhere}
.subtitle{margin:16px 0 0;color:var(--soft);overflow-wrap:anywhere}
.subtitle span+span::before{content:"\\00b7";margin:0 .6em;color:var(--faint)}
.status{display:inline-block;margin:0 0 0 10px;padding:1px 9px;border-radius:99px;border:1px solid currentColor;color:var(--caution);letter-spacing:.04em;text-transform:none}
.status.failed{color:var(--bad)}
section{display:grid;grid-template-columns:150px minmax(0,1fr);gap:0 32px;padding:30px 0 34px;border-top:1px solid var(--rule)}
section>h2{margin:0;font:400 19px/1.3 ${SERIF};overflow-wrap:anywhere}
section>h2 small{display:block;margin-top:6px;font:13px/1.45 ${FONT};color:var(--soft)}
section>.body>:first-child{margin-top:0}
section>.body>:last-child{margin-bottom:0}
.sae{margin:0;padding:44px 0 14px;border-top:1px solid var(--rule);font:400 25px/1.25 ${SERIF};overflow-wrap:anywhere}
.sae+section{border-top:0;padding-top:14px}
h3{margin:28px 0 10px;font-size:13px;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));margin:0;border-top:2px solid var(--ink)}
.tile{padding:14px 20px 24px 0}
.tile+.tile{padding-left:20px;border-left:1px solid var(--rule)}
.tile .label{font-size:13px;color:var(--soft)}
.tile .value{margin:3px 0 1px;font:400 38px/1.15 ${SERIF};font-variant-numeric:lining-nums;letter-spacing:-.015em;white-space:nowrap}
.tile:first-child .value{color:var(--accent)}
.tile .below{font-size:13px;color:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-weight:400;text-align:left}
th,td{padding:5px 14px 5px 0;vertical-align:baseline}
tr>:last-child{padding-right:0}
thead th{padding-bottom:7px;font-size:12px;color:var(--soft);border-bottom:1px solid var(--rule);vertical-align:bottom}
tbody tr+tr>*{border-top:1px solid var(--rule)}
.n{text-align:right;white-space:nowrap}
.ci{color:var(--soft)}
small.ci{display:block;font-size:12px}
.numbers{table-layout:auto}
.numbers .group th{padding-top:20px;font-weight:600;font-size:13px;border-top:0}
.numbers tbody:first-of-type .group th{padding-top:12px}
.numbers .group+tr>*{border-top:1px solid var(--rule)}
.published{width:31%;font-size:12.5px;line-height:1.4;color:var(--soft)}
.comparison th[scope=row]{white-space:nowrap}
.conclusion{margin:0 0 18px;font:400 21px/1.4 ${SERIF};text-wrap:pretty;overflow-wrap:anywhere}
.scores .group th{padding-top:12px;font-weight:600;font-size:13px}
.scores th[scope=row] .tip,.scores .group .tip{left:0;right:auto}
.scores .group small{margin-left:8px;font-weight:400;color:var(--soft)}
.scores+.note,.body>.figures{margin-top:26px}
ul.fine{margin:18px 0 0;padding-left:18px;font-size:13px}
.swatch{display:inline-block;width:9px;height:9px;margin-right:8px;border-radius:50%}
dfn{position:relative;font-style:normal;cursor:help;text-decoration:underline dotted var(--faint) 1px;text-underline-offset:3px}
dfn:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.tip{position:absolute;z-index:3;left:0;top:calc(100% + 7px);width:max-content;max-width:340px;padding:9px 12px;border-radius:5px;background:var(--ink);color:var(--paper);font:13px/1.45 ${FONT};letter-spacing:0;text-align:left;text-transform:none;white-space:normal;visibility:hidden;opacity:0;transition:opacity .12s}
dfn:hover .tip,dfn:focus .tip{visibility:visible;opacity:1}
.tile .tip{top:auto;bottom:calc(100% + 7px)}
.comparison .tip,.tile:nth-child(4) .tip{left:auto;right:0}
.cautions{margin:0;padding:0;list-style:none}
.cautions li{display:grid;grid-template-columns:190px minmax(0,1fr);gap:0 22px;padding:8px 0;border-top:1px solid var(--rule)}
.cautions li:first-child{border-top:0;padding-top:0}
.cautions h3{margin:0;font-size:15px;color:var(--caution)}
.cautions p{margin:0;overflow-wrap:anywhere}
.cautions p+p{margin-top:4px}
.cautions p b{font-weight:600}
.fine{margin:0;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:34px 36px}
.figures.three{grid-template-columns:repeat(3,minmax(0,1fr));gap:26px 26px}
.figures.one{grid-template-columns:minmax(0,1fr)}
.figures+.figures,.legend+.figures{margin-top:34px}
figure{margin:0;break-inside:avoid}
figure h3{margin:0 0 4px}
figure svg{display:block;width:100%;height:auto;overflow:visible}
.narrow{display:none}
figcaption{margin-top:6px;font-size:13px;line-height:1.45;color:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0;padding:0;list-style:none;font-size:13px}
.note{margin:14px 0 0;font-size:13px;color:var(--soft)}
.facts th{width:210px;color:var(--soft)}
.facts td{overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 40px}
.pair h3,.body>h3:first-child{margin-top:0}
.phases th{width:190px}
.phases .n{width:110px}
.phases .bar i{display:block;height:9px;min-width:1px;background:var(--accent);opacity:.75;border-radius:1px}
.phases tfoot>tr>*{border-top:1px solid var(--ink);font-weight:600}
.phases tfoot .aside{font-weight:400;color:var(--soft)}
pre{margin:0;padding:15px 18px;background:var(--wash);border-radius:5px;font:13px/1.6 ${MONO};white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
details{margin-top:26px}
summary{cursor:pointer;font-size:13px;font-weight:600;color:var(--soft)}
details[open] summary{margin-bottom:10px}
.definitions{margin:0;columns:2;column-gap:40px;font-size:13px;line-height:1.45}
.definitions div{break-inside:avoid;margin-bottom:11px}
.definitions dt{font-weight:600}
.definitions dd{margin:0;color:var(--soft)}
footer{padding-top:22px;padding-bottom:56px;font-size:13px;color:var(--soft);border-top:1px solid var(--rule)}
@media screen and (max-width:1000px){.figures.three{grid-template-columns:repeat(2,minmax(0,1fr))}section{grid-template-columns:minmax(0,1fr);gap:14px 0}section>h2 small{margin-top:3px}}
@media screen and (max-width:860px){.scroll{overflow-x:auto}.scroll .tip{display:none}}
@media screen and (max-width:680px){
.wide{display:none}
.narrow{display:block}
.figures.three svg{max-width:350px}
main,header,footer{padding-left:18px;padding-right:18px}
header{padding-top:30px}
h1{font-size:25px}
.subtitle span{display:block}
.subtitle span+span::before{content:none}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
.tile{padding:12px 12px 16px 0}
.tile+.tile{padding-left:0;border-left:0}
.tile:nth-child(even){padding-left:14px;border-left:1px solid var(--rule)}
.tile:nth-child(n+3){border-top:1px solid var(--rule)}
.tile .value{font-size:29px}
.tile .tip{max-width:240px}
.tile:nth-child(even) .tip{left:auto;right:0}
.figures,.figures.three,.pair{grid-template-columns:minmax(0,1fr)}
.pair>*+*{margin-top:26px}
.cautions li{grid-template-columns:minmax(0,1fr)}
.definitions{columns:1}
.facts th{width:42%}
.phases th{width:auto}
.phases .bar{display:none}
.numbers thead{display:none}
.numbers,.numbers tbody{display:block}
.numbers tr{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 12px;padding:6px 0;border-top:1px solid var(--rule)}
.numbers tr>*,.numbers tr+tr>*{padding:0;border:0!important}
.numbers tr.group{border:0;padding-top:18px}
.numbers .ci{grid-column:2;font-size:12px}
.numbers .ci:empty,.numbers .published:empty{display:none}
.numbers .published{grid-column:1/-1;width:auto;margin-top:2px}
.numbers .tip{max-width:260px}
}
@media print{
:root{--paper:#fff;--wash:#f5f4f0}
@page{margin:16mm}
body{font-size:10pt}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
header{padding-top:0}
h1{font-size:22pt}
.tip{display:none}
dfn{text-decoration:none}
section{display:block;padding:14pt 0}
section>h2{margin-bottom:9pt;break-after:avoid}
.figures.three{grid-template-columns:repeat(3,minmax(0,1fr))}
tr,.tile,.cautions li,pre{break-inside:avoid}
.sae{break-before:page}
}
`;
