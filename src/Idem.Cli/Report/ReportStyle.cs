// The look of a report: light and dark, wide and 390 pixels narrow, screen and paper. Nothing is fetched, nothing runs.

namespace Idem.Cli.Report;

internal static class ReportStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#16191f;--soft:#5b6472;--line:#dde1e7;--grid:#e8ebf0;--a:#1f5fd0;--b:#b4560b;--val:#b4560b;--good:#18703c;--good-bg:#e3f4ea;--bad:#b3261e;--bad-bg:#fce8e6;--note-bg:#eef1f6}
        @media (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1a1e25;--ink:#e8ebf0;--soft:#9aa4b2;--line:#2e343e;--grid:#262b34;--a:#7fb0ff;--b:#f2a65a;--val:#f2a65a;--good:#7fd6a1;--good-bg:#16301f;--bad:#ff9d94;--bad-bg:#3a1b19;--note-bg:#222832}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        header,main,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
        header{padding-top:2.25rem}
        h1{font-size:2rem;line-height:1.15;margin:.1rem 0 .5rem;overflow-wrap:anywhere}
        h2{font-size:1.2rem;margin:0 0 .9rem}
        h3{font-size:1rem;margin:0;font-weight:600}
        p{margin:.4rem 0}
        .kicker{color:var(--soft);font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;margin:0}
        .lede,.soft,caption,figcaption,summary{color:var(--soft)}
        .lede{max-width:46rem;margin-bottom:1rem}
        section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.4rem 1.35rem;margin:1rem 0}
        code{font:.84em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.1rem 0 1rem;padding:0;list-style:none}
        .tiles li{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.75rem .9rem .7rem}
        .tiles b{display:block;font-size:1.4rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
        .tiles span{display:block;font-size:.8rem;line-height:1.35;color:var(--soft)}
        .checks{list-style:none;margin:0;padding:0;display:grid;gap:.7rem}
        .checks li{display:grid;grid-template-columns:8.5rem 1fr;gap:.75rem;align-items:start}
        .checks p{margin:0}
        .pill{display:inline-block;min-width:6.4rem;text-align:center;border-radius:1rem;padding:.08rem .7rem;font-size:.82rem;font-weight:600;background:var(--note-bg);color:var(--soft);white-space:nowrap}
        .good{background:var(--good-bg);color:var(--good)}
        .bad{background:var(--bad-bg);color:var(--bad)}
        .verdict{border-left:.3rem solid var(--line);padding:.1rem 0 .1rem .9rem;margin:0 0 1rem}
        .verdict.is-good{border-color:var(--good)}
        .verdict.is-bad{border-color:var(--bad)}
        .verdict strong{font-size:1.08rem}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:1.8rem 2rem}
        .charts .wide,.charts>div:last-child:nth-child(even){grid-column:1/-1}
        .chart{margin:0;min-width:0}
        .chart figcaption{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;justify-content:space-between;margin-bottom:.7rem}
        .chart h3{color:var(--ink)}
        .legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:0;padding:0;font-size:.82rem}
        .legend li{display:flex;align-items:center;gap:.4rem}
        .legend svg{width:1.5rem;height:.5rem}
        .plot{position:relative;height:13.5rem;margin:0 .9rem 1.9rem 3.3rem}
        .wide .plot{height:17rem}
        .plot>svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible}
        .plot span{position:absolute;font-size:.74rem;line-height:1;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
        .plot .y{right:calc(100% + .5rem);transform:translateY(50%)}
        .plot .x{top:calc(100% + .55rem);transform:translateX(-50%)}
        .plot span.mark{bottom:calc(100% + .3rem);color:var(--bad)}
        .chart.is-marked .plot{margin-top:1.5rem}
        .plot span.before{transform:translateX(-100%)}
        svg path{fill:none;stroke-width:1.75;vector-effect:non-scaling-stroke;stroke-linejoin:round}
        svg .grid{stroke:var(--grid);stroke-width:1}
        svg .axis{stroke:var(--line);stroke-width:1}
        svg .mark{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:3 3}
        svg .hint{fill:transparent}
        svg .hint:hover{fill:var(--soft);fill-opacity:.13}
        .a .line,.a.line,.a.dots{stroke:var(--a)}
        .b .line,.b.line,.b.dots{stroke:var(--b);stroke-dasharray:6 4}
        .val .line,.val.line,.val.dots{stroke:var(--val)}
        svg .dots{stroke-width:6;stroke-linecap:round;stroke-dasharray:none}
        svg .band{stroke:none;fill-opacity:.16}
        .a.band{fill:var(--a)}
        .b.band{fill:var(--b)}
        .scroll{overflow-x:auto;margin:0 -.2rem;padding:0 .2rem}
        table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
        caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        th,td{text-align:left;vertical-align:top;padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--grid)}
        thead th{color:var(--soft);font-weight:500;border-color:var(--line);white-space:nowrap}
        tbody th{font-weight:500;white-space:nowrap}
        tbody tr:last-child>*{border-bottom:0}
        .numbers th,.numbers td{text-align:right}
        .numbers{width:auto;min-width:16rem}
        .named th:first-child{text-align:left}
        .digests td{min-width:15rem}
        .checkpoints td:nth-child(2){min-width:0;width:5rem}
        .checks+h3{margin-top:1.2rem}
        h3+.checks,h3+.scroll{margin-top:.5rem}
        h3+.settings{margin-top:.5rem}
        .settings+h3,.scroll+h3{margin-top:1.2rem}
        .settings{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr));gap:0 2rem;margin:0;font-size:.9rem}
        .settings div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--grid);padding:.3rem 0}
        .settings dt{color:var(--soft)}
        .settings dd{margin:0;font-variant-numeric:tabular-nums;text-align:right;overflow-wrap:anywhere}
        .share{display:flex;height:.8rem;border-radius:.4rem;overflow:hidden;margin:.2rem 0 .8rem;background:var(--grid)}
        .share i{display:block}
        .s0{background:var(--a)}.s1{background:var(--good)}.s2{background:var(--val)}.s3{background:var(--soft)}
        .key{display:inline-block;width:.7rem;height:.7rem;border-radius:.2rem;margin-right:.5rem;vertical-align:-.02rem}
        details{margin-top:.3rem;font-size:.86rem}
        details .scroll{max-height:20rem;overflow:auto;margin-top:.5rem}
        summary{cursor:pointer}
        summary:focus-visible{outline:2px solid var(--a);outline-offset:2px;border-radius:.2rem}
        .names{margin:0;padding-left:1.1rem}
        .names li{margin:.2rem 0}
        footer{color:var(--soft);font-size:.82rem;padding-top:.4rem;padding-bottom:2.5rem}
        @media (max-width:32rem){body{font-size:15px}header,main,footer{padding-left:.8rem;padding-right:.8rem}header{padding-top:1.4rem}h1{font-size:1.55rem}section{padding:1rem 1rem 1.1rem;border-radius:.6rem}.tiles{grid-template-columns:1fr 1fr;gap:.55rem}.tiles b{font-size:1.2rem}.checks li{grid-template-columns:1fr;gap:.25rem}.checks .pill{justify-self:start}.plot{margin-left:2.9rem;margin-right:.4rem}.wide .plot{height:13.5rem}}
        @media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;--a:#1f5fd0;--b:#b4560b;--val:#b4560b;--good:#18703c;--good-bg:#e3f4ea;--bad:#b3261e;--bad-bg:#fce8e6;--note-bg:#eef1f6}@page{margin:14mm}body{font-size:10pt}header,main,footer{max-width:none;padding:0}section{border:0;border-top:1px solid var(--line);border-radius:0;padding:.8rem 0;margin:.4rem 0}.tiles{grid-template-columns:repeat(3,1fr)}.charts{grid-template-columns:1fr 1fr}.plot,.wide .plot{height:9.5rem}.chart,.tiles li,tr,.settings div,.checks li{break-inside:avoid}h2{break-after:avoid}.data{display:none}.scroll{overflow:visible}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """;
}
