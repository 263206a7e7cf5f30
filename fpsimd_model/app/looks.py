"""The app's style sheet: fits from 600 to 2000 pixels, in JupyterLab's colours, light or dark."""

from __future__ import annotations

__all__ = ["CSS"]

# Notebook 7 takes arrow keys for its cells unless what has the focus says not to; and what has it
# is to have a name for those who do not see the label beside it.
CSS = """
<style onload="document.addEventListener('focusin', ({ target }) => {
  const label = target.closest?.('.fm-knob')?.querySelector('.widget-label')?.textContent;
  if (label &amp;&amp; target.matches('.noUi-handle')) {
    target.setAttribute('data-lm-suppress-shortcuts', '');
    target.setAttribute('aria-label', label); }
  if (label &amp;&amp; target.matches('.fm-reset'))
    target.setAttribute('aria-label', target.title) })">
.fm-app { container-type: inline-size; overflow: visible; padding: 2px;
  --fm-ink: var(--jp-ui-font-color1, #222); --fm-pale: var(--jp-ui-font-color2, #666);
  --fm-line: var(--jp-border-color2, #ddd); --fm-bad: var(--jp-error-color1, #c62828);
  /* The widgets' own arrow is black, on black in a dark theme. */
  --jp-widgets-dropdown-arrow: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath d='M4 7l5 5 5-5' fill='none' stroke='%23888' stroke-width='2'/%3E\
%3C/svg%3E");
  font-size: 13px; }
.fm-app .widget-html-content, .fm-app .jupyter-widget-html-content { line-height: 1.35; }
.fm-style { display: none; }
.fm-app .widget-html { height: auto; }

.fm-presets { flex-flow: row wrap; gap: 2px 14px; overflow: visible; }
.fm-presets .widget-dropdown { width: auto; min-width: 210px; }
.fm-about { min-height: 2.8em; color: var(--fm-pale); margin: 0 4px; }

.fm-main { display: grid !important; gap: 4px 18px; align-items: start; overflow: visible;
  grid-template-columns: minmax(0, 1fr); }
.fm-main > * { min-width: 0; overflow: visible; }
.fm-knobs { display: grid !important; gap: 0 16px; overflow: visible;
  grid-template-columns: minmax(0, 1fr); }
.fm-knob .widget-label { flex: 0 0 var(--fm-label, 132px); font-size: 12px; }
/* Narrow columns: the slider below its label, as wide as the column. */
@container (min-width: 560px) and (max-width: 939.9px) {
  .fm-knobs { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .fm-knob { flex-wrap: wrap; }
  .fm-knob .fm-slider { display: contents; }
  .fm-knob .widget-label { flex: 1 1 auto; order: 1; text-align: left; padding-left: 4px; }
  .fm-knob .fm-entry { order: 2; }
  .fm-knob .fm-reset { order: 3; }
  .fm-knob .slider-container { flex: 0 0 auto; order: 4; width: calc(100% - 22px);
    height: 20px; margin-top: 2px; }
}
@container (min-width: 740px) and (max-width: 939.9px) {
  .fm-knobs { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@container (min-width: 940px) {
  .fm-main { grid-template-columns: minmax(280px, 380px) 640px; }
  .fm-side { grid-column: 1 / -1; } }
/* The table beside the figure; the sliders above both, as long as three columns do not fit. */
@container (min-width: 1300px) and (max-width: 1639.9px) {
  .fm-main:has(.fm-side) { grid-template-columns: 640px minmax(0, 1fr); }
  .fm-main:has(.fm-side) .fm-knobs { grid-column: 1 / -1; align-items: start;
    grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .fm-side { grid-column: auto; } }
@container (min-width: 1640px) {
  .fm-main { grid-template-columns: 350px 640px minmax(0, 700px); }
  .fm-side { grid-column: auto; } }

.fm-group { overflow: visible; }
.fm-group > .fm-head { margin: 3px 4px 0; color: var(--fm-pale); font-weight: 600;
  border-bottom: 1px solid var(--fm-line); }
.fm-knob { overflow: visible; align-items: center; }
.fm-knob .fm-slider { flex: 1 1 auto; width: auto; min-width: 0; margin: 1px 2px; }
.fm-knob .fm-entry { flex: 0 0 68px; width: 68px; margin: 1px 0; }
.fm-knob .fm-entry input { text-align: right; padding: 0 4px;
  font-variant-numeric: tabular-nums; }
.fm-knob .fm-reset { flex: 0 0 20px; width: 20px; padding: 0; margin: 1px 0 1px 2px; }
.fm-knob .fm-reset:disabled { opacity: 0.15; }
.fm-bad input { border-color: var(--fm-bad) !important; color: var(--fm-bad) !important; }

.fm-views .widget-toggle-button { padding: 0 6px; margin: 1px; }
.fm-view { overflow: visible; max-width: 640px; }
.fm-view > * { width: 100%; overflow: visible; }
.fm-sight { position: relative; max-width: 640px; overflow: visible; }
.fm-figure { display: block; width: 100%; max-width: 640px; height: auto; aspect-ratio: 640 / 420;
  background: #fff; border: 0; margin: 0; }
.fm-rows { aspect-ratio: auto; }
.fm-layer, .fm-layer .widget-html-content, .fm-layer .jupyter-widget-html-content, .fm-glass {
  position: absolute; inset: 0; margin: 0; padding: 0; height: auto; overflow: visible; }
.fm-layer:not(:has(.fm-glass)) { pointer-events: none; }
.fm-glass { container-type: inline-size; }
.fm-glass > * { display: none; }
.fm-glass > .fm-on { display: block; }
.fm-glass:has(.fm-on) { cursor: crosshair; }
.fm-glass i, .fm-glass b, .fm-glass pre { position: absolute; pointer-events: none; }
.fm-glass i { width: 0; border-left: 1px solid rgba(192, 0, 0, 0.6); }
.fm-glass b { height: 0; border-top: 1px solid rgba(192, 0, 0, 0.6); }
.fm-sight .fm-glass pre { margin: 0; padding: 1px 6px; width: max-content; max-height: 100%;
  box-sizing: border-box; overflow: hidden; font-size: clamp(8px, 1.6cqw, 10.2px);
  line-height: 1.25; color: #222; background: rgba(255, 255, 255, 0.95);
  border: 1px solid #999; z-index: 5; }

.fm-work { align-items: center; overflow: visible; flex: 1 1 auto; }
.fm-work .fm-bar { width: 150px; }
.fm-work .fm-cancel { width: 80px; }
.fm-work.fm-idle .fm-bar, .fm-work.fm-idle .fm-cancel { visibility: hidden; }
.fm-work.fm-idle .fm-bar { width: 0; margin: 0; }
.fm-simulated, .fm-told { min-height: 2.8em; max-width: 640px; }
.fm-old-points { font-weight: 600; }
.fm-sources { flex-flow: row wrap; max-width: 640px; overflow: visible; }
.fm-sources .fm-trace { flex: 0 1 190px; }
.fm-sources .fm-path { flex: 1 1 200px; }
.fm-sources .fm-upload { flex: 0 0 120px; width: 120px; }
.fm-part, .fm-part > * { width: 100%; overflow: visible; }
.fm-parts .widget-toggle-button { padding: 0 8px; margin: 1px; }
.fm-use { width: auto; }
.fm-story { width: 420px; max-width: 100%; }
.fm-proven th, .fm-proven td { text-align: left; padding: 1px 14px 1px 4px;
  border-bottom: 1px solid var(--fm-line); }
.fm-proven td:last-child, .fm-proven th:last-child { text-align: right; }
.fm-view pre { font-size: 12px; line-height: 1.25; margin: 0; }
.fm-pairs { overflow-x: auto; }
.fm-pairs table, .fm-proven table { border-collapse: collapse; font-size: 12px;
  color: var(--fm-ink); font-variant-numeric: tabular-nums; }
.fm-pairs th, .fm-pairs td { text-align: right; padding: 1px 6px; white-space: nowrap;
  border-bottom: 1px solid var(--fm-line); }
.fm-pairs th span { display: block; font-weight: 400; color: var(--fm-pale); }
.fm-pairs th:first-child, .fm-pairs td:first-child { text-align: left; }
.fm-pairs td:nth-child(odd):not(:first-child) { color: var(--fm-pale); padding-left: 0; }
.fm-view .fm-error, .fm-told .fm-error { color: var(--fm-bad); font-weight: 600; }
.fm-upshot { min-height: 2.8em; max-width: 640px; }

.fm-table { overflow-x: auto; }
.fm-table table { width: 100%; min-width: 630px; max-width: 1024px; border-collapse: collapse;
  table-layout: fixed; font-size: 12px; line-height: 1.25; font-variant-numeric: tabular-nums;
  color: var(--fm-ink); }
.fm-table th, .fm-table td { text-align: right; padding: 2px 7px; white-space: nowrap;
  border-bottom: 1px solid var(--fm-line); height: 18px; box-sizing: content-box; }
.fm-table th { font-weight: 600; vertical-align: bottom; cursor: help; }
.fm-table th span { display: block; font-weight: 400; color: var(--fm-pale); }
.fm-table th:nth-child(1) { width: 26%; }
.fm-table th:nth-child(2) { width: 13%; }
.fm-table th:first-child, .fm-table td:first-child { text-align: left; }
/* On a table that scrolls, names stay. */
.fm-table th:first-child, .fm-table td:first-child { position: sticky; left: 0; z-index: 1;
  background: var(--jp-layout-color0, #fff); }
.fm-table svg { margin-right: 7px; padding: 1px 0; vertical-align: middle; background: #fff; }
.fm-table svg path { stroke-width: 3; fill: none; }
.fm-table th:nth-child(2), .fm-table td:nth-child(2) { text-align: left; cursor: help; }
@container (max-width: 639.9px) {
  .fm-table table { font-size: 11px; min-width: 580px; }
  .fm-table th, .fm-table td { padding: 2px 4px; }
  .fm-table th:nth-child(1) { width: 30%; }
  .fm-table th:nth-child(2) { width: 15%; } }
.fm-table .fm-kept { color: var(--fm-pale); }
.fm-table .fm-lost { color: var(--fm-bad); font-weight: 700; }
.fm-table .fm-old { opacity: 0.4; }
.fm-table .fm-no { text-align: left; color: var(--fm-pale); font-style: italic;
  overflow: hidden; text-overflow: ellipsis; cursor: help; }
.fm-note { color: var(--fm-pale); }
.fm-note div { height: 2.7em; overflow: hidden; }
.fm-stale { opacity: 0.35; }

.fm-events summary { cursor: pointer; padding: 2px 0; }
.fm-events ol { margin: 2px 0 8px 28px; padding: 0; }
.fm-events p { margin: 4px 0 2px 14px; }

.fm-files { align-items: center; flex-flow: row wrap; overflow: visible; }
.fm-folder { width: 220px; }
.fm-status { flex: 1 1 100%; max-width: 640px; min-height: 1.5em; }
.fm-status .fm-error { color: var(--fm-bad); font-weight: 600; }
.fm-line code { user-select: all; overflow-wrap: anywhere; font-size: 12px; }
.fm-line button { font-size: 12px; margin-right: 6px; cursor: pointer; }
.fm-share { overflow: visible; }
.fm-paste { width: 100%; max-width: 640px; }
.fm-groups { flex-flow: row wrap; gap: 4px 26px; }
.fm-groups .widget-checkbox { width: 200px; margin: 0 4px; height: 24px; }
.fm-more { margin-top: 4px; }
</style>
"""
