"""In the browser: refuses a file that is too large before it is sent.

Jupyter's servers close the connection on a message beyond their limit without a word, and the
upload button waits for an answer ever after; Python never hears of it.
"""

from __future__ import annotations

from .reading_traces import LARGEST

__all__ = ["GUARD"]

# The button's file input is not in the page. It is caught when the button opens it; listeners that
# capture come before its own, which would send the file.
_SCRIPT = """
if (!window.fmUploads) {
  window.fmUploads = true;
  document.addEventListener('click', (press) => {
    const app = press.target.closest?.('.fm-upload')?.closest('.fm-app');
    if (!app) return;
    const inputs = HTMLInputElement.prototype, open = inputs.click;
    const restore = () => { inputs.click = open; };
    setTimeout(restore);
    inputs.click = function () {
      restore();
      this.addEventListener('change', (change) => {
        const file = Array.from(this.files).find((file) => file.size > LIMIT);
        if (!file) return;
        change.stopImmediatePropagation();
        const said = document.createElement('span');
        said.className = 'fm-error';
        said.setAttribute('role', 'alert');
        said.textContent = `${file.name}: ${(file.size / 1e6).toFixed(1)} MB; an upload has at `
          + 'most MOST MB, write the path of a larger file into the field';
        app.querySelector('.fm-told .widget-html-content').replaceChildren(said);
      }, { capture: true, once: true });
      open.call(this);
    };
  }, true);
}
"""

GUARD = '<style onload="{}"></style>'.format(
    _SCRIPT.replace("LIMIT", str(LARGEST)).replace("MOST", f"{LARGEST / 1e6:.1f}")
)
