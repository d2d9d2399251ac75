/** What the page of a study has beyond that of a run. */

import { STYLE } from "../../report/style.ts";

export const STUDY_STYLE = `${STYLE}
.question{margin:14px 0 0;max-width:44em;font-size:17px;line-height:1.5;overflow-wrap:anywhere}
.tile .value.range{font-size:25px;white-space:normal;padding:6px 0}
.comparison th[scope=col]{min-width:84px}
.trials th.n,.stability th.n{white-space:normal}
.laws th[scope=row]{min-width:110px}
.comparison th[scope=row]{max-width:300px;overflow-wrap:anywhere;white-space:normal;min-width:150px}
.trials th[scope=row],.stability th[scope=row],.stability td:nth-child(2){min-width:170px}
.unsure,.unsure small,.none{color:var(--faint)}
.sure{font-weight:600}
.sure small{font-weight:400}
.doubts{min-width:220px;font-size:12.5px;color:var(--soft)}
.scroll{overflow-x:auto}
.scroll .tip{display:none}
.scroll.tall{max-height:600px;overflow-y:auto}
.tall thead th{position:sticky;top:0;background:var(--paper);z-index:1}
.sortable thead button{margin-left:5px;padding:0 2px;border:0;background:none;color:var(--faint);font:inherit;cursor:pointer}
.sortable thead button::after{content:"\\2195"}
.sortable thead [aria-sort=ascending] button::after{content:"\\2191";color:var(--accent)}
.sortable thead [aria-sort=descending] button::after{content:"\\2193";color:var(--accent)}
.sortable thead button:focus-visible{outline:2px solid var(--accent)}
.open .failed th,.open .failed td{color:var(--bad)}
.facts td,.cautions p{overflow-wrap:anywhere}
.body>.scroll+.figures,.body>.note+.figures,.body>.figures+.scroll,.body>.scroll+.note,.body>.figures+details{margin-top:26px}
.population{margin:0;padding:44px 0 14px;border-top:1px solid var(--rule);font:400 25px/1.25 inherit}
.definitions dt small{font-weight:400;color:var(--faint)}
.files{margin:0;padding-left:18px}
.files a{color:var(--accent)}
@media print{.sortable thead button{display:none}.tall{max-height:none}}
`;
